// Every field and series of the run's Neptune record.
import { html, useState } from "../lib.js";
import { runApi, useLive } from "../api.js";
import { ErrorBox, Loading, Scroll } from "../parts/basic.js";
import { Histogram } from "../charts/histogram.js";
import { LineChart } from "../charts/line_chart.js";
import * as format from "../format.js";
import { fileAddress } from "./text.js";

const FEW = 40; // So many fields are shown without being asked for.

export function NeptuneRecord({ id, run }) {
  const { data, error } = useLive(runApi(id, "/neptune"), run.status === "running" ? 3 : 60);
  const [text, setText] = useState("");
  if (!data) return error ? html`<${ErrorBox} error=${error} />` : html`<${Loading} />`;
  if (data.files.length === 0) return html`<p class="quiet">Neptune's client left no record of this run.</p>`;
  const matches = (one) => one.path.toLowerCase().includes(text.toLowerCase());
  const series = data.series.filter(matches);
  const fields = data.fields.filter(matches);
  const histograms = (data.histograms ?? []).filter(matches);
  return html`<p class="quiet">
      ${format.plural(data.fields.length, "field")} and ${format.plural(data.series.length, "series", "series")} in
      ${" "}<code>${data.files.join(", ")}</code>
    </p>
    ${data.problems.map((problem) => html`<div key=${problem} class="box warn">${problem}</div>`)}
    <label class="field"><span>Find</span><input type="search" value=${text} onInput=${(event) => setText(event.currentTarget.value)} placeholder="part of a path" /></label>
    ${series.length > 0 && html`<h2>Series</h2>`}
    <div class="charts">
      ${series.map((one) => (isNumeric(one) ? html`<${LineChart} key=${one.path} title=${one.path} height=${160} xLabel="step"
              lines=${[{ label: `${format.plural(one.count, "point")}, last ${format.number(one.last[1])}`, color: 1, values: one.points.filter(([, y]) => typeof y === "number") }]} />`
          : html`<p key=${one.path}><code>${one.path}</code> ${format.anything(one.last[1])}</p>`))}
    </div>
    ${histograms.length > 0 && html`<h2>Histograms</h2>`}
    <div class="charts" data-testid="neptune-histograms">${histograms.map((one) => html`<${Steps} key=${one.path} histogram=${one} />`)}</div>
    ${fields.length > 0 && html`<h2>Fields</h2>`}
    <div data-testid="neptune-fields">
      ${[...groups(fields)].map(([name, some]) => html`<${Group} key=${name} name=${name} fields=${some} open=${text !== "" || fields.length <= FEW} id=${id} />`)}
    </div>`;
}

// A path's histogram at the step that the slider sets, the last at first.
function Steps({ histogram: { path, at } }) {
  const [chosen, setChosen] = useState(at.length - 1);
  const { step, edges, values } = at[Math.min(chosen, at.length - 1)];
  const buckets = values.map((count, place) => ({ low: edges[place], high: edges[place + 1], count }));
  return html`<figure class="chart">
    <figcaption><span>${path}, step ${format.number(step)}</span></figcaption>
    <${Histogram} splits=${[[path, { histogram: buckets }]]} title=${path} width=${320} height=${160} axis=${true} />
    ${at.length > 1 && html`<label class="field"><span>Step<span class="hidden"> of ${path}</span></span>
      <input type="range" min="0" max=${at.length - 1} value=${chosen} aria-valuetext=${`step ${step}`} onInput=${(event) => setChosen(Number(event.currentTarget.value))} /></label>`}
  </figure>`;
}

// The fields by the first part of their path.
function groups(fields) {
  const found = new Map();
  for (const one of fields) {
    const name = one.path.split("/")[0];
    found.set(name, [...(found.get(name) ?? []), one]);
  }
  return found;
}

function Group({ name, fields, open, id }) {
  return html`<details class="group" open=${open}>
    <summary><code>${name}</code> <span class="quiet">${format.plural(fields.length, "field")}</span></summary>
    <${Scroll} label=${`Fields under ${name}`}>
      <table class="fields">
        <thead class="hidden"><tr><th>Path</th><th>Type</th><th>Value</th></tr></thead>
        <tbody>
          ${fields.map(
            (one) => html`<tr key=${one.path}>
              <th scope="row"><code>${one.path}</code></th>
              <td class="quiet type">${one.type}</td>
              <td><div class="prose value">${value(one, id)}</div></td>
            </tr>`,
          )}
        </tbody>
      </table>
    <//>
  </details>`;
}

function isNumeric(series) {
  return series.points.some(([, value]) => typeof value === "number");
}

function value(one, id) {
  if (one.type === "file") return one.file ? html`<a href=${fileAddress(id, one.file)} download>Download</a>` : "content not kept";
  if (one.type === "tags") return one.value.join(", ");
  if (one.type === "datetime" && typeof one.value === "number") return new Date(one.value).toISOString();
  return String(one.value ?? "not a number");
}
