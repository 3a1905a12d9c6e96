// A confusion matrix, with shares of each actual class; and what it says of each class.
import { html } from "../lib.js";
import { Scroll } from "../parts/basic.js";
import * as format from "../format.js";

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

// The matrix of a record as {classes, counts}, with texts and numbers alone; null if it is none.
export function usable(confusion) {
  const counts = confusion?.counts;
  const square = Array.isArray(counts) && counts.length > 1 && counts.every((row) => Array.isArray(row) && row.length === counts.length && row.every((count) => typeof count === "number"));
  if (!square) return null;
  return { classes: counts.map((_, place) => String(confusion.classes?.[place] ?? place)), counts };
}

// `of` tells several matrices of one page apart.
export function Confusion({ classes, counts, title = "Confusion", of = "" }) {
  return html`<figure class="matrix">
    <figcaption>${title}</figcaption>
    <${Scroll} label=${`${title} ${of}`}>
      <table class="confusion" data-testid="confusion">
        <thead>
          <tr><td></td><th colspan=${classes.length} scope="colgroup">Predicted</th></tr>
          <tr><th scope="col">Actual</th>${classes.map((name, place) => html`<th key=${place} scope="col" class="number">${name}</th>`)}</tr>
        </thead>
        <tbody>
          ${counts.map((row, actual) => {
            const all = sum(row);
            return html`<tr key=${actual}>
              <th scope="row">${classes[actual]}</th>
              ${row.map(
                (count, predicted) => html`<td key=${predicted} class=${`number ${actual === predicted ? "right" : ""}`}>
                  ${format.number(Math.round(count))}<span class="quiet share">${all > 0 ? format.percent(count / all) : ""}</span>
                </td>`,
              )}
            </tr>`;
          })}
        </tbody>
      </table>
    <//>
  </figure>`;
}

// Rows, precision, recall and F1 of a class; null where they are not defined.
export function measures({ counts }, of) {
  const [actual, predicted, right] = [sum(counts[of]), sum(counts.map((row) => row[of])), counts[of][of]];
  const [precision, recall] = [predicted > 0 ? right / predicted : null, actual > 0 ? right / actual : null];
  const wrong = counts[of].map((count, place) => [place === of ? 0 : count, place]).sort((a, b) => b[0] - a[0])[0];
  return {
    rows: actual,
    precision,
    recall,
    f1: actual + predicted > 0 ? (2 * right) / (actual + predicted) : null,
    mistaken: wrong[0] > 0 ? { place: wrong[1], share: wrong[0] / actual } : null,
    never: actual > 0 && predicted === 0,
  };
}

export function Classes({ classes, counts, title = "By class" }) {
  const rows = classes.map((name, of) => [name, measures({ counts }, of)]);
  const share = (value) => (value === null ? html`<span class="quiet">undefined</span>` : format.metric(value));
  return html`<figure class="by-class">
    <figcaption>${title}</figcaption>
    <${Scroll} label=${title}>
      <table data-testid="classes">
        <thead>
          <tr>
            <th scope="col">Class</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Precision</th>
            <th scope="col" class="number">Recall</th><th scope="col" class="number">F1</th><th scope="col">Most often taken for</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([name, one]) => html`<tr key=${name}>
              <th scope="row">${name}${one.never && html`<span class="bad-text"> never predicted</span>`}</th>
              <td class="number">${format.number(Math.round(one.rows))}</td>
              <td class="number">${share(one.precision)}</td><td class="number">${share(one.recall)}</td><td class="number">${share(one.f1)}</td>
              <td>${one.mistaken && html`${classes[one.mistaken.place]} <span class="quiet">${format.percent(one.mistaken.share)}</span>`}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    <//>
  </figure>`;
}
