// One metric of every slice, with a column for each run.
import { html } from "../lib.js";
import { RunLink, Scroll } from "../parts/basic.js";
import { sliceRows } from "../parts/slice_rows.js";
import { setParams } from "../router.js";
import { groups } from "../slices.js";
import { Change } from "../parts/change.js";
import { Swatch } from "../parts/series.js";
import * as format from "../format.js";

export function Slices({ runs, params }) {
  const measured = runs.map((one) => (Array.isArray(one.record.metrics) ? one.record.metrics.filter((each) => each && typeof each === "object") : []));
  const metrics = [...new Set(measured.flat().map((one) => String(one.metric)))];
  if (metrics.length === 0) return html`<p class="quiet">None of these runs was judged.</p>`;
  const chosen = metrics.includes(params.get("metric")) ? params.get("metric") : metrics[0];
  const bySlice = measured.map((list) => new Map(list.filter((one) => one.metric === chosen).map((one) => [String(one.slice), one])));
  const configured = runs.flatMap((one) => one.record.config?.evaluation?.slices ?? []);
  const slices = groups(bySlice.flatMap((map) => [...map.values()]), configured);
  return html`<label class="row">Metric
      <select value=${chosen} onChange=${(event) => setParams({ metric: event.currentTarget.value })}>
        ${metrics.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>
    </label>
    <${Scroll} label=${`${chosen} by slice`}>
      <table class="compare" data-testid="compare-slices">
        <thead>
          <tr><th>Slice</th>${runs.map((one, index) => html`<th key=${one.id} class="number"><${Swatch} index=${index} /> <${RunLink} id=${one.id} /></th>`)}</tr>
        </thead>
        ${sliceRows(
          slices,
          1 + runs.length,
          (slice, label) =>
            html`<tr key=${slice}>
              <th scope="row">${label}</th>
              ${bySlice.map((map, index) => html`<${Cell} key=${index} one=${map.get(slice)} first=${index === 0 ? null : bySlice[0].get(slice)} config=${runs[0].record.config} />`)}
            </tr>`,
        )}
      </table>
    <//>`;
}

// The value, how far it is from the first run's, and whether that is beyond the first's confidence.
function Cell({ one, first, config }) {
  if (!one) return html`<td class="number quiet">–</td>`;
  if (typeof one.value !== "number") return html`<td class="number quiet">undefined</td>`;
  const both = first && typeof first.value === "number";
  const apart = both && typeof first.low === "number" && (one.value < first.low || one.value > first.high);
  return html`<td class=${`number nowrap ${apart ? "apart" : ""}`}>
    ${format.metric(one.value, String(one.metric))}${both && html` <${Change} value=${one.value} before=${first.value} name=${String(one.metric)} config=${config} />`}
    ${apart && html`<div class="quiet">beyond the reference's interval</div>`}
  </td>`;
}
