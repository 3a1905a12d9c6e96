// The metrics by slice, against bounds and baseline, and the plots.
import { html } from "../lib.js";
import { Scroll } from "../parts/basic.js";
import { setParams } from "../router.js";
import * as format from "../format.js";
import { missed } from "../bounds.js";
import { groups } from "../slices.js";
import { sliceRows } from "../parts/slice_rows.js";
import { bound, change, metricValue } from "./overview.js";
import { Plots } from "./plots.js";
import { WorseThanBaseline } from "./beside.js";

const JUDGES = ["ExampleGen", "StatisticsGen", "Trainer", "Evaluator"]; // Nodes whose warnings put metrics in doubt.

export function Evaluation({ record, details, params }) {
  const metrics = [...new Set(record.metrics.map((one) => String(one.metric)))];
  if (metrics.length === 0) return html`<p class="quiet">No model was judged${record.status === "running" ? " yet" : ""}.</p>`;
  const chosen = metrics.includes(params.get("metric")) ? params.get("metric") : metrics[0];
  const rows = record.metrics.filter((one) => one.metric === chosen);
  const slices = groups(record.metrics, record.config.evaluation?.slices);
  return html`<${Caveats} found=${record.warnings.filter((one) => JUDGES.includes(one.node))} />
    <${WorseThanBaseline} record=${record} />
    <section>
      <h2 id="slices">By slice</h2>
      <label class="row">Metric
        <select value=${chosen} onChange=${(event) => setParams({ metric: event.currentTarget.value })}>
          ${metrics.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        </select>
      </label>
      <${BySlice} rows=${rows} metric=${chosen} slices=${slices} config=${record.config} />
    </section>
    <${Plots} plots=${details.plots} record=${record} params=${params} />
    <section>
      <h2 id="all">Every metric</h2>
      <${Everything} measured=${record.metrics} metrics=${metrics} slices=${slices} />
    </section>`;
}

function Caveats({ found }) {
  if (found.length === 0) return null;
  return html`<div class="box warn" data-testid="caveats">
    <strong>To be aware of</strong>
    ${found.map((one, number) => html`<div key=${number} class="prose"><b>${String(one.headline)}</b> ${one.detail && String(one.detail)}</div>`)}
  </div>`;
}

function BySlice({ rows, metric, slices, config }) {
  const at = new Map(rows.map((one) => [String(one.slice), one]));
  const values = rows.flatMap((one) => [one.value, one.low, one.high, one.baseline, one.at_least, one.at_most]).filter((value) => typeof value === "number");
  const [low, high] = spread(values);
  const confident = rows.some((one) => typeof one.low === "number");
  const compared = rows.some((one) => typeof one.baseline === "number");
  const boosted = rows.some((one) => typeof one.yardstick === "number");
  const guessed = rows.some((one) => typeof one.naive === "number");
  return html`<${Scroll} label=${`${metric} by slice`}>
      <table class="slices" data-testid="slices">
        <thead>
          <tr>
            <th>Slice</th><th class="number">Value</th><th class="range-head"><span class="hidden">As a picture</span></th>
            ${confident && html`<th class="number">95 % confidence</th>`}
            ${compared && html`<th class="number">Baseline</th><th class="number">Change</th>`}
            ${guessed && html`<th class="number" title="The best answer that is the same for every row">Guessing</th>`}
            ${boosted && html`<th class="number">Gradient boosting</th>`}
            <th>Bound</th>
          </tr>
        </thead>
        ${sliceRows(slices, 4 + (confident ? 1 : 0) + (compared ? 2 : 0) + (guessed ? 1 : 0) + (boosted ? 1 : 0), (slice, label) => {
          const one = at.get(slice);
          return (
            one &&
            html`<tr key=${slice} class=${slice === "overall" ? "overall" : ""}>
              <th scope="row">${label}</th>
              <td class=${`number ${missed(one) ? "bad-text" : ""}`}>${metricValue(one)}</td>
              <td class="range-cell"><${Range} one=${one} low=${low} high=${high} /></td>
              ${confident && html`<td class="number quiet nowrap">${typeof one.low === "number" && `${format.metric(one.low, metric)} to ${format.metric(one.high, metric)}`}</td>`}
              ${compared && html`<td class="number quiet">${format.metric(one.baseline, metric)}</td><td class="number">${change(one, config)}</td>`}
              ${guessed && html`<td class="number quiet">${typeof one.naive === "number" && format.metric(one.naive, metric)}</td>`}
              ${boosted && html`<td class="number quiet">${typeof one.yardstick === "number" && format.metric(one.yardstick, metric)}</td>`}
              <td class="nowrap">${bound(one)}</td>
            </tr>`
          );
        })}
      </table>
    <//>
    ${guessed && html`<p class="quiet">Guessing is the best that one and the same answer for every row of the slice would reach.</p>`}
    <ul class="legend" aria-hidden="true">
      <li><svg width="12" height="12"><circle cx="6" cy="6" r="4" class="dot" /></svg>value${confident ? ", with 95 % confidence" : ""}</li>
      ${compared && html`<li><svg width="12" height="12"><circle cx="6" cy="6" r="3.5" class="hollow" /></svg>baseline: the latest blessed model</li>`}
      <li><svg width="12" height="12"><line x1="6" x2="6" y1="0" y2="12" class="limit" /></svg>bound</li>
    </ul>`;
}

function spread(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - margin, high + margin];
}

// The value, its confidence, the baseline and the bounds on one axis that all slices share.
function Range({ one, low, high }) {
  const x = (value) => `${((value - low) / (high - low)) * 100}%`;
  const is = (value) => typeof value === "number";
  return html`<svg class="range" aria-hidden="true">
    <line x1="0" x2="100%" y1="50%" y2="50%" class="axis" />
    ${[one.at_least, one.at_most].filter(is).map((value) => html`<line key=${value} x1=${x(value)} x2=${x(value)} y1="1" y2="17" class="limit" />`)}
    ${is(one.low) && is(one.high) && html`<line x1=${x(one.low)} x2=${x(one.high)} y1="50%" y2="50%" class="confidence" />`}
    ${is(one.baseline) && html`<circle cx=${x(one.baseline)} cy="50%" r="3.5" class="hollow" />`}
    ${is(one.value) && html`<circle cx=${x(one.value)} cy="50%" r="4" class=${`dot ${missed(one) ? "missed" : ""}`} />`}
  </svg>`;
}

function Everything({ measured, metrics, slices }) {
  const at = new Map(measured.map((one) => [`${one.slice}\n${one.metric}`, one]));
  return html`<${Scroll} label="Every metric of every slice">
    <table class="slices">
      <thead><tr><th>Slice</th>${metrics.map((name) => html`<th key=${name} class="number">${name}</th>`)}</tr></thead>
      ${sliceRows(
        slices,
        1 + metrics.length,
        (slice, label) =>
          html`<tr key=${slice}>
            <th scope="row">${label}</th>
            ${metrics.map((name) => {
              const one = at.get(`${slice}\n${name}`);
              if (!one) return html`<td key=${name}></td>`;
              const isMissed = missed(one);
              return html`<td key=${name} class=${`number nowrap ${isMissed ? "bad-text" : ""}`}>
                ${isMissed && html`<span aria-hidden="true">✕ </span><span class="hidden">missed: </span>`}${metricValue(one)}
              </td>`;
            })}
          </tr>`,
      )}
    </table>
  <//>`;
}
