// Anomalies, and each feature with its distributions in the splits beside each other.
import { html, useState } from "../lib.js";
import { RunLink, Scroll } from "../parts/basic.js";
import { Histogram } from "../charts/histogram.js";
import { Values } from "../charts/values.js";
import * as format from "../format.js";

const SPLITS = ["train", "eval", "test"];
const FREQUENT = 4;
// Rows that a browser draws without a delay that is felt; a name finds the others.
const MOST_SHOWN = 200;

export function Data({ run, record, details }) {
  const features = (Array.isArray(details.features) ? details.features : []).filter((one) => one && typeof one.splits === "object" && one.splits);
  const rows = SPLITS.filter((split) => split in record.rows).map((split) => `${format.number(record.rows[split])} ${split}`);
  return html`<section>
      <h2 id="anomalies">Anomalies</h2>
      <${Anomalies} anomalies=${record.anomalies} />
    </section>
    <section>
      <h2 id="features">Features</h2>
      <p class="quiet">${[record.data?.path, rows.join(", ")].filter(Boolean).join(": ")}</p>
      ${features.length === 0
        ? html`<p class="quiet">${run.status === "running" ? "Not described yet." : "The run's details do not describe them."}</p>`
        : html`<${Features} features=${features} from=${details.drift_from} />`}
    </section>`;
}

function Anomalies({ anomalies }) {
  if (anomalies.length === 0) return html`<p class="quiet">None found.</p>`;
  return html`<${Scroll} label="Anomalies">
    <table data-testid="anomalies">
      <thead><tr><th>Severity</th><th>Feature</th><th>Split</th><th>What</th></tr></thead>
      <tbody>
        ${anomalies.map(
          (one, number) => html`<tr key=${number}>
            <td class=${one.severity === "error" ? "bad-text" : ""}><span aria-hidden="true">${one.severity === "error" ? "✕ " : "! "}</span>${one.severity}</td>
            <th scope="row">${one.feature}</th><td>${one.split}</td>
            <td><strong>${one.headline}</strong><div class="quiet prose">${one.detail}</div></td>
          </tr>`,
        )}
      </tbody>
    </table>
  <//>`;
}

function Features({ features, from }) {
  const [part, setPart] = useState("");
  const named = features.filter((feature) => feature.name.toLowerCase().includes(part.toLowerCase()));
  const shown = named.slice(0, MOST_SHOWN);
  const splits = SPLITS.filter((split) => features.some((feature) => feature.splits[split]));
  const drifts = features.some((feature) => feature.drift);
  return html`<ul class="legend">
      ${splits.map((split, index) => html`<li key=${split}><span class=${`swatch s${index + 1} ${index === 0 ? "block" : ""}`}></span>${split}</li>`)}
      ${typeof from === "string" && html`<li>drift is measured against <${RunLink} id=${from} /></li>`}
    </ul>
    ${features.length > MOST_SHOWN &&
    html`<p>
      <label class="field"><span>Find</span><input type="search" value=${part} onInput=${(event) => setPart(event.currentTarget.value)} placeholder="part of a name" /></label>
      <span class="quiet"> ${format.number(shown.length)} of ${format.number(features.length)} columns</span>
    </p>`}
    <${Scroll} label="Features">
      <table class="features" data-testid="features">
        <thead>
          <tr>
            <th>Feature</th><th>Distribution</th>
            <th class="number">Missing</th><th class="number">Mean ± std</th><th class="number">Min</th>
            <th class="number">Median</th><th class="number">Max</th><th class="number">Distinct</th>
            ${drifts && html`<th class="number">Drift</th>`}
          </tr>
        </thead>
        <tbody>${shown.map((feature) => html`<${Feature} key=${feature.name} feature=${feature} splits=${splits} drifts=${drifts} />`)}</tbody>
      </table>
    <//>`;
}

function Feature({ feature, splits, drifts }) {
  const there = splits.filter((split) => feature.splits[split]);
  const stack = (show) => there.map((split) => html`<div key=${split}>${show(feature.splits[split]) || " "}</div>`);
  const numeric = there.some((split) => feature.splits[split].histogram?.length > 0);
  return html`<tr>
    <th scope="row"><strong>${feature.name}</strong><div class="quiet">${feature.type}</div></th>
    <td>
      ${numeric
        ? html`<${Histogram} title=${feature.name} splits=${there.map((split) => [split, feature.splits[split]])} axis=${true} />`
        : html`<${Frequent} feature=${feature} splits=${there} />`}
    </td>
    <td class="number nowrap">${stack((one) => format.percent(one.missing / one.rows))}</td>
    <td class="number nowrap">${stack((one) => typeof one.mean === "number" && `${format.number(one.mean)} ± ${format.number(one.std)}`)}</td>
    <td class="number">${stack((one) => format.number(one.min))}</td>
    <td class="number">${stack((one) => format.number(one.median))}</td>
    <td class="number">${stack((one) => format.number(one.max))}</td>
    <td class="number">${stack((one) => format.number(one.unique))}</td>
    ${drifts && html`<td class="number nowrap"><${Drift} drift=${feature.drift} /></td>`}
  </tr>`;
}

// The most frequent values, with their share of the values that each split has, as in the report.
function Frequent({ feature, splits }) {
  const top = (split) => (Array.isArray(feature.splits[split].top) ? feature.splits[split].top : []);
  const values = [...new Set(splits.flatMap((split) => top(split).map(({ value }) => value)))];
  if (values.length === 0) return null;
  const share = (split, value) => {
    const one = feature.splits[split];
    const present = one.values ?? one.rows - one.missing;
    const found = top(split).find((other) => other.value === value);
    return found && present > 0 ? found.count / present : 0;
  };
  const name = (value) => (value === "" ? "(empty)" : String(value));
  return html`<ul class="frequent">
    ${values.slice(0, FREQUENT).map(
      (value) => html`<li key=${value}>
        <span class="name" title=${value}>${name(value)}</span>
        <svg width="90" height=${splits.length * 4} aria-hidden="true">
          ${splits.map((split, index) => html`<rect key=${split} y=${index * 4} width=${Math.min(share(split, value), 1) * 90} height="3" class=${`s${index + 1}`} />`)}
        </svg>
        <span class="quiet">${format.percent(share(splits[0], value))}</span>
      </li>`,
    )}
    </ul>
    <${Values} title=${feature.name} head=${["Value", ...splits]}
      rows=${() => values.map((value) => [name(value), ...splits.map((split) => format.percent(share(split, value)))])} />`;
}

function Drift({ drift }) {
  if (!drift || typeof drift.value !== "number") return null;
  const much = drift.value > drift.expected;
  return html`<span class=${much ? "bad-text" : ""} title=${`Samples of the same data stay below ${format.number(drift.expected)}`}>
    ${much && html`<span aria-hidden="true">! </span><span class="hidden">much: </span>`}${drift.value.toFixed(3)}
    <div class="quiet">${drift.measure} ≤ ${drift.expected.toFixed(3)}</div>
  </span>`;
}
