// ROC, calibration, residuals and confusion over all rows of the test split.
import { html } from "../lib.js";
import { Square } from "../charts/square.js";
import { Histogram } from "../charts/histogram.js";
import { Scroll } from "../parts/basic.js";
import * as format from "../format.js";

export function Plots({ plots }) {
  const { roc, calibration, residuals, confusion, mistakes } = plots ?? {};
  const some = (list) => Array.isArray(list) && list.length > 0;
  const shown = [
    some(roc) && html`<${Roc} key="roc" points=${roc} />`,
    some(calibration) && html`<${Calibration} key="calibration" bins=${calibration} />`,
    some(residuals) && html`<${Residuals} key="residuals" buckets=${residuals} />`,
    Array.isArray(confusion?.counts) && html`<${Confusion} key="confusion" confusion=${confusion} />`,
  ].filter(Boolean);
  if (shown.length === 0) return null;
  return html`<section>
    <h2 id="plots">Plots</h2>
    <div class="plots">${shown}</div>
    ${some(mistakes?.rows) && html`<${Mistakes} mistakes=${mistakes} />`}
  </section>`;
}

function Mistakes({ mistakes }) {
  const drawn = mistakes.rows.filter((row) => /^[A-Za-z0-9+/]+=*$/.test(String(row.png)));
  return html`<h3>What it got wrong</h3>
    <p class="quiet">The worst of ${format.number(mistakes.wrong)} rows.</p>
    <div class="mistakes">
      ${drawn.map(
        (row, place) => html`<figure key=${place}>
          <img src=${`data:image/png;base64,${row.png}`} alt=${`${row.label}, taken for ${row.predicted}`} />
          <figcaption>${row.label}<br />taken for <b>${row.predicted}</b>, ${Number(row.score).toFixed(2)}</figcaption>
        </figure>`,
      )}
    </div>`;
}

function Roc({ points }) {
  const line = points
    .map((point) => [point.false_positive_rate, point.true_positive_rate, point.threshold, point.precision])
    .filter(([a, b]) => typeof a === "number" && typeof b === "number")
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return html`<figure>
    <figcaption>ROC</figcaption>
    <${Square} line=${line} x="False positive rate" y="True positive rate" more=${["Threshold", "Precision"]} label=${`ROC curve with ${line.length} thresholds`} />
  </figure>`;
}

function Calibration({ bins }) {
  const line = bins.filter((bin) => bin.count > 0).map((bin) => [bin.prediction, bin.label, bin.count]);
  return html`<figure>
    <figcaption>Calibration</figcaption>
    <${Square} line=${line} dots=${true} x="Mean prediction" y="Mean label" more=${["Rows"]} label=${`Calibration in ${line.length} ranges of the prediction`} />
  </figure>`;
}

function Residuals({ buckets }) {
  return html`<figure>
    <figcaption>Residuals: label minus prediction</figcaption>
    <${Histogram} splits=${[["test", { histogram: buckets }]]} title="the residuals" width=${280} height=${220} axis=${true} />
  </figure>`;
}

function Confusion({ confusion }) {
  const names = Array.isArray(confusion.classes) ? confusion.classes.map(String) : [];
  return html`<figure>
    <figcaption>Confusion</figcaption>
    <${Scroll} label="Confusion"><table class="confusion">
      <thead>
        <tr><td></td><th colspan=${names.length} scope="colgroup">Predicted</th></tr>
        <tr><th>Actual</th>${names.map((name) => html`<th key=${name} class="number">${name}</th>`)}</tr>
      </thead>
      <tbody>
        ${confusion.counts.map((row, actual) => {
          const sum = row.reduce((a, b) => a + b, 0);
          return html`<tr key=${actual}>
            <th scope="row">${names[actual]}</th>
            ${row.map(
              (count, predicted) => html`<td key=${predicted} class=${`number ${actual === predicted ? "right" : ""}`}>
                ${format.number(Math.round(count))}<span class="quiet share">${sum > 0 ? format.percent(count / sum) : ""}</span>
              </td>`,
            )}
          </tr>`;
        })}
      </tbody>
    </table><//>
  </figure>`;
}
