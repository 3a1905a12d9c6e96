// What is served and watched: every version with its last verdict, or one of them.
import { html, useEffect } from "../lib.js";
import { useLive } from "../api.js";
import { ErrorBox, Loading, RunLink, Scroll, Time } from "../parts/basic.js";
import { versionAddress } from "../monitoring/address.js";
import { NotWatched } from "../monitoring/not_watched.js";
import { State } from "../monitoring/states.js";
import { VersionPage } from "../monitoring/version.js";
import * as format from "../format.js";

const SHOWN = 10;

export function MonitoringPage({ path, params }) {
  const [, model, version] = path;
  if (model && version) return html`<${VersionPage} key=${`${model}/${version}`} model=${model} version=${version} params=${params} />`;
  return html`<${Models} all=${params.get("all")} />`;
}

function Models({ all }) {
  const { data, error } = useLive("/api/monitoring", 5);
  useEffect(() => {
    document.title = "Monitoring";
  }, []);
  if (!data) return html`<h1>Monitoring</h1>${error ? html`<${ErrorBox} error=${error} />` : html`<${Loading} />`}`;
  if (data.models.length === 0) return html`<${NothingServed} folder=${data.folder} />`;
  const watched = data.models.some((model) => model.versions.some((version) => version.looks > 0));
  return html`<div class="page-head"><h1>Monitoring</h1><p class="quiet">${format.plural(data.models.length, "model")}${!data.complete && ", reading …"}</p></div>
    ${!watched && html`<div class="box"><strong>Nothing is watched yet.</strong></div><${NotWatched} model=${data.models[0].name} />`}
    ${data.models.map((model) => html`<${Model} key=${model.name} model=${model} all=${all === model.name} />`)}`;
}

function NothingServed({ folder }) {
  return html`<div class="empty" data-testid="nothing-served">
    <h1>Nothing is served yet</h1>
    <p>A run that blesses its model pushes it into <code>${folder}</code>. Serve it, then watch it:</p>
    <${NotWatched} />
  </div>`;
}

function Model({ model, all }) {
  const shown = all ? model.versions : model.versions.slice(0, SHOWN);
  return html`<section data-testid="watched-model" data-model=${model.name}>
    <h2><bdi>${model.name}</bdi></h2>
    <${Scroll} label=${`Versions of ${model.name}`}>
      <table>
        <thead><tr><th>Version</th><th>Last verdict</th><th>Looked</th><th class="number">Looks</th><th>Run</th><th>What was seen</th></tr></thead>
        <tbody>${shown.map((version) => html`<${Version} key=${version.version} model=${model.name} version=${version} />`)}</tbody>
      </table>
    <//>
    ${shown.length < model.versions.length && html`<p><a href=${`/monitoring?all=${encodeURIComponent(model.name)}`}>Show all ${model.versions.length}</a></p>`}
  </section>`;
}

function Version({ model, version }) {
  const { last } = version;
  return html`<tr>
    <th scope="row" class="nowrap"><a href=${versionAddress(model, version.version)}>${String(version.version)}</a>${!version.served && html`<span class="quiet"> gone</span>`}</th>
    <td>${last ? html`<${State} state=${last.verdict} />` : html`<span class="quiet">${version.looks > 0 ? "reading …" : "not watched"}</span>`}</td>
    <td class="nowrap">${last && html`<${Time} at=${last.time} />`}</td>
    <td class="number">${version.looks > 0 ? format.number(version.looks) : ""}</td>
    <td>${version.run && (version.run_listed ? html`<${RunLink} id=${version.run} />` : html`<code>${version.run}</code>`)}</td>
    <td class="said">${last && html`<bdi>${last.headline || last.problem}</bdi>`}</td>
  </tr>`;
}
