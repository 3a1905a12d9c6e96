// Two versions of a model beside each other: their runs' metrics at a glance, and a way to all else.
import { html } from "../lib.js";
import { runApi, useLive } from "../api.js";
import { Scroll } from "../parts/basic.js";
import { setParams } from "../router.js";
import { Change } from "../parts/change.js";
import * as format from "../format.js";

const SECONDS = 60;

// `versions` are rows of runs that pushed a version; `stable` is what serves now, `canary` or the newest other.
export function Beside(props) {
  return props.versions.length < 2 ? null : html`<${Two} ...${props} />`;
}

function Two({ model, versions, stable, canary, params }) {
  const number = (name) => Number(params.get(`${name}-${model}`));
  const find = (version) => versions.find((run) => run.pushed_version === version);
  const before = find(number("before")) ?? find(stable) ?? versions[1];
  const after = find(number("after")) ?? find(canary) ?? versions.find((run) => run !== before);
  const { data } = useLive(runApi(after.id), SECONDS); // The config, which says which way is better.
  const metrics = [...new Set([before, after].flatMap((run) => Object.keys(run.metrics)))].filter((name) => name !== "ExampleCount");
  const choice = (name, run) => html`<select aria-label=${`Version of ${model}, ${name}`} value=${run.pushed_version} onChange=${(event) => setParams({ [`${name}-${model}`]: event.currentTarget.value })}>
    ${versions.map((one) => html`<option key=${one.id} value=${one.pushed_version}>${one.pushed_version}${one.pushed_version === stable ? " (serves now)" : ""}</option>`)}
  </select>`;
  const link = (tab) => `/compare?runs=${encodeURIComponent(before.id)},${encodeURIComponent(after.id)}${tab ? `&tab=${tab}` : ""}`;
  return html`<div data-testid="versions-beside">
    <h3>Version against version</h3>
    <div class="row">${choice("before", before)}<span>and</span>${choice("after", after)}
      <a class="button" href=${link("")}>Compare</a><a class="button" href=${link("slices")}>By slice</a><a class="button" href=${link("data")}>Data</a>
    </div>
    <${Scroll} label=${`Metrics of two versions of ${model}`}>
      <table>
        <thead><tr><th scope="col">Metric</th><th scope="col" class="number">${before.pushed_version}</th><th scope="col" class="number">${after.pushed_version}</th><th scope="col">Difference</th></tr></thead>
        <tbody>
          ${metrics.map((name) => {
            const [was, now] = [before.metrics[name], after.metrics[name]];
            return html`<tr key=${name}><th scope="row">${name}</th><td class="number">${format.metric(was, name)}</td><td class="number">${format.metric(now, name)}</td>
              <td>${was !== now && html`<${Change} value=${now} before=${was} name=${name} config=${data?.record.config} />`}</td></tr>`;
          })}
        </tbody>
      </table>
    <//>
    <p class="quiet">Each was judged on its own run's test rows.</p>
  </div>`;
}
