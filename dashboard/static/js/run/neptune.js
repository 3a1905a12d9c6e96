// Every field and series of the run's Neptune record.
import { html, useState } from "../lib.js";
import { runApi, useLive } from "../api.js";
import { ErrorBox, Loading, Scroll } from "../parts/basic.js";
import { LineChart } from "../charts/line_chart.js";
import * as format from "../format.js";
import { fileAddress } from "./text.js";

export function NeptuneRecord({ id, run }) {
  const { data, error } = useLive(runApi(id, "/neptune"), run.status === "running" ? 3 : 60);
  const [text, setText] = useState("");
  if (!data) return error ? html`<${ErrorBox} error=${error} />` : html`<${Loading} />`;
  if (data.files.length === 0) return html`<p class="quiet">Neptune's client left no record of this run.</p>`;
  const matches = (one) => one.path.toLowerCase().includes(text.toLowerCase());
  const series = data.series.filter(matches);
  const fields = data.fields.filter(matches);
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
    ${fields.length > 0 && html`<h2>Fields</h2>`}
    <${Scroll} label="Fields">
      <table class="fields" data-testid="neptune-fields">
        <thead><tr><th>Path</th><th>Type</th><th>Value</th></tr></thead>
        <tbody>
          ${fields.map(
            (one) => html`<tr key=${one.path}>
              <th scope="row"><code>${one.path}</code></th>
              <td class="quiet">${one.type}</td>
              <td class="prose">${value(one, id)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    <//>`;
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
