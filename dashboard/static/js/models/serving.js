// What serves now of a model: the stable version, the canary with its share, who changed it, and what monitoring says.
import { html } from "../lib.js";
import { RunLink, Scroll, Time } from "../parts/basic.js";
import { State } from "../monitoring/states.js";
import { versionAddress } from "../monitoring/address.js";
import * as format from "../format.js";

const SHOWN = 5;
const DONE = { promote: "promoted", canary: "made the canary", rollback: "rolled back to", route: "changed the shares of" };

// `served` and `versions` are those of /api/serving.
export function Serving({ model, served, versions }) {
  const { stable, canary } = served;
  if (stable === null && canary === null) return html`<p class="quiet" data-testid="serving">No version is there to be served.</p>`;
  const rows = [
    [stable, served.labelled ? "stable" : "the highest, as none is labelled stable", 1 - served.canary_share],
    ...(canary === null ? [] : [[canary, "canary", served.canary_share]]),
  ].filter(([version]) => version !== null);
  const at = new Map(versions.map((one) => [one.version, one]));
  return html`<div data-testid="serving" data-model=${model}>
    <h3>Serves now</h3>
    <${Scroll} label=${`What serves now of ${model}`}>
      <table>
        <thead><tr><th scope="col">Version</th><th scope="col">As</th><th scope="col" class="number">Share of requests</th><th scope="col">Monitoring</th><th scope="col">Looked</th><th scope="col">Run</th></tr></thead>
        <tbody>
          ${rows.map(([version, role, share]) => html`<${Version} key=${version} model=${model} version=${version} role=${role} share=${share} found=${at.get(version)} />`)}
        </tbody>
      </table>
    <//>
    ${served.mirror_share > 0 && html`<p>The canary also gets a copy of ${format.percent(served.mirror_share)} of the stable version's requests.</p>`}
    ${canary !== null && served.canary_share === 0 && served.mirror_share === 0 && html`<p class="quiet">The canary gets no requests.</p>`}
    <${Changes} model=${model} events=${served.events} />
  </div>`;
}

function Version({ model, version, role, share, found }) {
  const last = found?.last;
  return html`<tr>
    <th scope="row" class="nowrap">${found ? html`<a href=${versionAddress(model, version)}>${version}</a>` : html`${version} <span class="bad-text">is not there</span>`}</th>
    <td>${role}</td>
    <td class="number">${format.percent(share)}</td>
    <td>${last ? html`<${State} state=${last.verdict} /><div class="said quiet"><bdi>${last.headline || last.problem}</bdi></div>` : html`<span class="quiet">not watched</span>`}</td>
    <td class="nowrap">${last && html`<${Time} at=${last.time} />`}</td>
    <td>${found?.run && (found.run_listed ? html`<${RunLink} id=${found.run} />` : html`<code>${found.run}</code>`)}</td>
  </tr>`;
}

function Changes({ model, events }) {
  if (events.length === 0) return html`<p class="quiet">Nobody has promoted or rolled back a version yet.</p>`;
  const row = (event, number) => html`<tr key=${number}>
    <th scope="row" class="nowrap"><${Time} at=${event.time} /></th>
    <td>${event.by || "unknown"}</td>
    <td>${DONE[event.action] ?? event.action} ${event.version ?? ""}${event.previous !== null && html`<span class="quiet"> (before: ${event.previous})</span>`}</td>
    <td class="said"><bdi>${event.why}</bdi></td>
  </tr>`;
  const table = (list, label) => html`<${Scroll} label=${label}>
    <table><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Why</th></tr></thead><tbody>${list.map(row)}</tbody></table>
  <//>`;
  return html`<h3>Who changed it</h3>
    ${table(events.slice(0, SHOWN), `The latest changes of what serves of ${model}`)}
    ${events.length > SHOWN &&
    html`<details class="values"><summary>${format.plural(events.length - SHOWN, "earlier change")}</summary>${table(events.slice(SHOWN), `Earlier changes of what serves of ${model}`)}</details>`}`;
}
