// Outputs and metrics over the looks of a page, as lines.
import { html } from "../lib.js";
import { Scroll } from "../parts/basic.js";
import { LineChart } from "../charts/line_chart.js";
import * as format from "../format.js";
import { State } from "./states.js";

const MOST_LINES = 7;

// How far each output is from that on the test split, as a multiple of what raises an alarm.
export function Outputs({ outputs, looks }) {
  const lines = outputs
    .slice(0, MOST_LINES)
    .map((output, index) => ({ label: output.name, color: index + 1, values: pairs(looks, output.severity) }))
    .filter((line) => line.values.length > 0);
  if (lines.length === 0) return null;
  lines.push(level("alarm from", lines, 1));
  return html`<section>
    <h2 id="outputs">What the model answers</h2>
    <p class="quiet">How far the answers are from those on the test split, as a multiple of the effect from which it is an alarm.</p>
    <div class="charts"><${LineChart} title="Outputs" lines=${lines} xLabel="look" xFormat=${format.time} /></div>
    ${outputs.length > MOST_LINES && html`<p class="quiet">The ${MOST_LINES} outputs that differ most are drawn.</p>`}
  </section>`;
}

// The values of each look, in the order of time.
function pairs(looks, values) {
  return values.map((value, place) => [looks[place].time, value]).filter(([time, value]) => typeof time === "number" && typeof value === "number").sort(([a], [b]) => a - b);
}

function level(label, lines, value) {
  const xs = [...new Set(lines.flatMap((line) => line.values.map(([x]) => x)))].sort((a, b) => a - b);
  return { label, color: 8, dashed: true, values: xs.map((x) => [x, value]) };
}

export function Metrics({ metrics, looks, bounds }) {
  if (metrics.length === 0) {
    return html`<section><h2 id="metrics">Labels and metrics</h2><p class="quiet">No labels have come yet. <code>python -m monitoring labels</code> joins them.</p></section>`;
  }
  const whole = metrics.filter((metric) => metric.slice === "");
  return html`<section>
    <h2 id="metrics">Labels and metrics</h2>
    <div class="charts">${whole.map((metric) => html`<${OneMetric} key=${`${metric.name} ${metric.estimate}`} metric=${metric} looks=${looks} bounds=${bounds?.[metric.name]} />`)}</div>
    <${Latest} metrics=${metrics} bounds=${bounds} />
  </section>`;
}

function OneMetric({ metric, looks, bounds }) {
  const at = (key) =>
    metric.values
      .map((one) => [looks[one.look].time, one[key]])
      .filter(([time, value]) => typeof time === "number" && typeof value === "number")
      .sort(([a], [b]) => a - b);
  const lines = [
    { label: metric.estimate ? "estimate" : "served", color: 1, values: at("served") },
    { label: "at least, with confidence", color: 6, dashed: true, values: at("low") },
    { label: "at most, with confidence", color: 3, dashed: true, values: at("high") },
  ].filter((line) => line.values.length > 0);
  if (lines.length === 0) return null;
  if (typeof bounds?.lower === "number") lines.push({ ...level("bound: at least", lines, bounds.lower), color: 7 });
  if (typeof bounds?.upper === "number") lines.push({ ...level("bound: at most", lines, bounds.upper), color: 7 });
  const title = metric.estimate ? `${metric.name}, estimated before labels` : metric.name;
  return html`<${LineChart} title=${title} lines=${lines} xLabel="look" xFormat=${format.time} />`;
}

function Latest({ metrics, bounds }) {
  return html`<${Scroll} label="Latest metrics">
    <table data-testid="live-metrics">
      <thead><tr><th>Metric</th><th>Rows of</th><th class="number">Test split</th><th class="number">Served</th><th class="number">With confidence</th><th>Bound</th><th class="number">Rows</th><th>State</th></tr></thead>
      <tbody>
        ${metrics.map((metric) => {
          const one = metric.values[0];
          return html`<tr key=${`${metric.name}\n${metric.slice}\n${metric.estimate}`}>
            <th scope="row"><bdi>${metric.name}</bdi>${metric.estimate && html`<span class="quiet"> estimate</span>`}</th>
            <td>${metric.slice === "" ? "all" : html`<bdi>${metric.slice}</bdi>`}</td>
            <td class="number">${format.metric(one.reference)}</td>
            <td class="number">${format.metric(one.served)}</td>
            <td class="number nowrap">${typeof one.low === "number" && typeof one.high === "number" && `${format.metric(one.low)} to ${format.metric(one.high)}`}</td>
            <td class="nowrap">${boundInWords(bounds?.[metric.name], metric.slice)}</td>
            <td class="number">${format.number(one.rows)}</td>
            <td><${State} state=${one.state} /></td>
          </tr>`;
        })}
      </tbody>
    </table>
  <//>`;
}

function boundInWords(metric, slice) {
  const limits = slice === "" ? metric : metric?.slices?.[slice];
  const parts = [
    typeof limits?.lower === "number" && `at least ${format.number(limits.lower)}`,
    typeof limits?.upper === "number" && `at most ${format.number(limits.upper)}`,
  ];
  return parts.filter(Boolean).join(", ");
}
