// What the test split shows beyond single numbers: curves at a threshold, classes, residuals, the worst rows.
import { html } from "../lib.js";
import { Histogram } from "../charts/histogram.js";
import * as format from "../format.js";
import { Classes, Confusion, usable } from "../plots/confusion.js";
import { Overlay } from "../plots/overlay.js";
import { Threshold } from "../plots/threshold.js";
import { calibrationPoints, classNames, rocOf } from "../plots/binary.js";

export function Plots({ plots, record, params }) {
  const { residuals, mistakes } = plots ?? {};
  const some = (list) => Array.isArray(list) && list.length > 0;
  const matrix = usable(plots?.confusion);
  const calibration = calibrationPoints(plots);
  const binary = rocOf(plots).length > 0;
  const others = [
    calibration.length > 0 && html`<${Calibration} key="calibration" points=${calibration} />`,
    some(residuals) && html`<${Residuals} key="residuals" buckets=${residuals} />`,
    matrix && html`<${Confusion} key="confusion" ...${matrix} />`,
    matrix && html`<${Classes} key="classes" ...${matrix} />`,
  ].filter(Boolean);
  if (!binary && others.length === 0) return null;
  return html`<section>
    <h2 id="plots">${binary ? "At a threshold" : "Plots"}</h2>
    ${typeof plots.rows === "number" && html`<p class="quiet">Of ${format.plural(plots.rows, "row")} of the test split.</p>`}
    ${binary && html`<${Threshold} plots=${plots} classes=${classNames(record)} params=${params} />`}
    ${others.length > 0 && html`<div class="plots">${others}</div>`}
    ${some(mistakes?.rows) && html`<${Mistakes} mistakes=${mistakes} />`}
  </section>`;
}

function Calibration({ points }) {
  return html`<${Overlay} title="Calibration" x="Mean prediction" y="Mean label" more=${["Rows"]} dots=${true} diagonal=${true} lines=${[{ label: "this model", index: 0, points, marked: null }]} />`;
}

function Residuals({ buckets }) {
  return html`<figure>
    <figcaption>Residuals: label minus prediction</figcaption>
    <${Histogram} splits=${[["test", { histogram: buckets }]]} title="the residuals" width=${280} height=${220} axis=${true} />
  </figure>`;
}

function Mistakes({ mistakes }) {
  const drawn = mistakes.rows.filter((row) => row && /^[A-Za-z0-9+/]+=*$/.test(String(row.png)));
  return html`<h3 id="worst">What it got wrong</h3>
    <p class="quiet">The worst of ${format.number(mistakes.wrong)} rows.</p>
    <div class="mistakes" data-testid="mistakes">
      ${drawn.map(
        (row, place) => html`<figure key=${place}>
          <img src=${`data:image/png;base64,${row.png}`} alt=${`${row.label}, taken for ${row.predicted}`} />
          <figcaption>${row.label}<br />taken for <b>${row.predicted}</b>, ${Number(row.score).toFixed(2)}</figcaption>
        </figure>`,
      )}
    </div>`;
}
