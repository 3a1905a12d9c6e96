// Every model: what serves now, who changed it, and its versions with the run that made each.
import { html, useEffect } from "../lib.js";
import { useLive } from "../api.js";
import { ErrorBox, Loading, RunLink, Scroll, Time } from "../parts/basic.js";
import { setParams } from "../router.js";
import { Beside } from "../models/beside.js";
import { Serving } from "../models/serving.js";
import * as format from "../format.js";

const SHOWN = 20;
const METRICS = 5;

export function ModelsPage({ params }) {
  const { data, error } = useLive("/api/models", 5);
  const { data: serving } = useLive("/api/serving", 5);
  useEffect(() => {
    document.title = "Models";
  }, []);
  if (!data) return html`<h1>Models</h1>${error ? html`<${ErrorBox} error=${error} />` : html`<${Loading} />`}`;
  const notBlessed = params.get("not_blessed") === "1" || params.get("refused") === "1";
  return html`<div class="page-head">
      <h1>Models</h1>
      <p class="quiet">${format.plural(data.models.length, "model")}</p>
      <label class="row">
        <input type="checkbox" checked=${notBlessed} onChange=${(event) => setParams({ refused: null, not_blessed: event.currentTarget.checked ? "1" : null })} />
        Show models that were not blessed
      </label>
    </div>
    ${serving?.problems.map((problem) => html`<div key=${problem} class="box bad" data-testid="serving-problem">${problem}</div>`)}
    ${data.models.length === 0 && data.complete && html`<p class="quiet">There is no run yet. <a href="/">How to make one</a></p>`}
    ${data.models.map((model) => html`<${Model} key=${model.name} model=${model} notBlessed=${notBlessed} all=${params.get("all") === model.name} served=${servedOf(model, serving)} params=${params} />`)}
    ${strangers(data.models, serving).map((one) => html`<section key=${one.name} data-testid="model" data-model=${one.name}><h2><bdi>${one.name}</bdi></h2><p class="quiet">No run here has pushed it.</p><${Serving} model=${one.name} ...${one} /></section>`)}`;
}

// The serving folder calls a model as its config does, which may be otherwise than its runs.
function servedName(run) {
  return run.pushed_to.replace(/\/+$/, "").split("/").at(-2);
}

function servedOf(model, serving) {
  const pushed = model.judged.find((run) => run.pushed_to);
  const name = (pushed && servedName(pushed)) ?? model.name;
  return serving?.models.find((one) => one.name === name) ?? null;
}

// Served models that no run made.
function strangers(models, serving) {
  const known = models.map((model) => servedOf(model, serving));
  return (serving?.models ?? []).filter((one) => !known.includes(one));
}

function Model({ model, notBlessed, all, served, params }) {
  // Cached runs push a version again.
  const versions = [...new Map(model.judged.filter((run) => run.pushed_version !== null).map((run) => [run.pushed_version, run])).values()];
  const judged = notBlessed ? model.judged : model.judged.filter((run) => run.pushed_version !== null || run.blessed);
  const shown = all ? judged : judged.slice(0, SHOWN);
  const runs = `/?where=${encodeURIComponent(`model == "${model.name.replaceAll('"', "")}"`)}`;
  return html`<section data-testid="model" data-model=${model.name}>
    <h2>${model.name}</h2>
    <p class="quiet">
      <a href=${runs}>${format.plural(model.runs, "run")}</a>, ${format.plural(model.pushed, "version")} pushed${model.latest === null ? "" : `, the latest ${model.latest}`}
    </p>
    ${served && html`<${Serving} model=${served.name} ...${served} />`}
    <${Beside} model=${model.name} versions=${versions} stable=${served?.served.stable ?? null} canary=${served?.served.canary ?? null} params=${params} />
    ${shown.length > 0 && html`<h3>Versions</h3><${Versions} runs=${shown} latest=${model.latest} name=${model.name} />`}
    ${judged.length > shown.length && html`<p><button type="button" onClick=${() => setParams({ all: model.name })}>Show all ${judged.length}</button></p>`}
    ${model.left_out > 0 && html`<p class="quiet">${format.plural(model.left_out, "older run")} left out; see <a href=${runs}>all runs</a>.</p>`}
  </section>`;
}

function Versions({ runs, latest, name }) {
  const metrics = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].slice(0, METRICS);
  return html`<${Scroll} label=${`Versions of ${name}`}>
    <table class="versions">
      <thead>
        <tr>
          <th>Version</th><th>Blessed</th><th>Run</th><th>Started</th>
          ${metrics.map((metric) => html`<th key=${metric} class="number">${metric}</th>`)}
          <th>Pushed to</th>
        </tr>
      </thead>
      <tbody>
        ${runs.map(
          (run) => html`<tr key=${run.id}>
            <th scope="row" class="nowrap">
              ${run.pushed_version ?? html`<span class="quiet">not pushed</span>`}${run.pushed_version !== null && run.pushed_version === latest && html`<span class="good-text">${" latest"}</span>`}
            </th>
            <td class="nowrap">${blessed(run)}</td>
            <td><${RunLink} id=${run.id} /></td>
            <td class="nowrap"><${Time} at=${run.started} /></td>
            ${metrics.map((metric) => html`<td key=${metric} class="number">${format.metric(run.metrics[metric], metric)}</td>`)}
            <td><code>${run.pushed_to}</code></td>
          </tr>`,
        )}
      </tbody>
    </table>
  <//>`;
}

function blessed(run) {
  if (run.blessed === null) return html`<span class="quiet">unknown</span>`;
  return run.blessed
    ? html`<span class="good-text"><span aria-hidden="true">✓ </span>yes</span>`
    : html`<span class="bad-text"><span aria-hidden="true">✕ </span>no</span>`;
}
