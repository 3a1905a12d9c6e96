// What the test split shows beyond single numbers: curves at a threshold, classes, residuals, the worst rows.
import { html } from "../lib.js";
import { Histogram } from "../charts/histogram.js";
import * as format from "../format.js";
import { Scroll } from "../parts/basic.js";
import { Classes, Confusion, usable } from "../plots/confusion.js";
import { Overlay } from "../plots/overlay.js";
import { Threshold } from "../plots/threshold.js";
import { calibrationPoints, classNames, rocOf } from "../plots/binary.js";

export function Plots({ plots, record, params }) {
  const { residuals, mistakes, worst_rows: worst } = plots ?? {};
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
    ${some(worst?.rows) && html`<${WorstRows} worst=${worst} />`}
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
  const drawn = mistakes.rows.filter((row) => format.isBase64(row?.png));
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

function WorstRows({ worst }) {
  const rows = worst.rows.filter((row) => row?.values && typeof row.values === "object");
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.values)))].sort();
  const scored = rows.some((row) => typeof row.score === "number");
  const hidden = worst.columns - names.length;
  return html`<h3 id="worst-rows">Where it is furthest off</h3>
    <p class="quiet">
      The test rows with ${scored ? "the highest score of a wrong class" : "the largest absolute error"}, the worst first.
      ${hidden > 0 && ` ${format.number(hidden)} more columns are not shown.`}
    </p>
    <${Scroll} label="Rows where it is furthest off">
      <table class="raw" data-testid="worst-rows">
        <thead>
          <tr>
            <th scope="col">Label</th>
            <th scope="col">Answer</th>
            ${scored && html`<th scope="col" class="number">Score</th>`}
            ${names.map((name) => html`<th key=${name} scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row, place) => html`<tr key=${place}>
              <td>${String(row.label)}</td>
              <td>${String(row.answer)}</td>
              ${scored && html`<td class="number">${typeof row.score === "number" ? format.metric(row.score) : ""}</td>`}
              ${names.map((name) => html`<td key=${name}>${Object.hasOwn(row.values, name) ? String(row.values[name]) : ""}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    <//>`;
}
