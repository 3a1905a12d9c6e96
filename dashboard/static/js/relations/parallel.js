// Parallel coordinates: an axis for each hyperparameter and the outcome, a line for each row. A range of an
// axis keeps the lines that pass through it; the rest fade.
import { html, useState } from "../lib.js";
import { Scroll } from "../parts/basic.js";
import * as format from "../format.js";
import { scaleOf, shortened } from "./scale.js";
import { differing } from "./table.js";

const [GAP, HEIGHT, TOP, BOTTOM, SIDE] = [150, 300, 34, 14, 76];
const MOST_AXES = 10;
const MOST_LINES = 500;
const QUARTERS = 4;

export function Parallel({ table, outcome, of }) {
  const [focused, setFocused] = useState(null);
  const [kept, setKept] = useState({});
  const inputs = differing(table, table.columns.filter((column) => column.role === "input")).slice(0, MOST_AXES);
  if (inputs.length === 0) return null;
  const axes = [...inputs, outcome];
  const scales = axes.map((column) => scaleOf(column, table.rows.map((row) => table.value(row, column.key))));
  const lines = table.rows
    .map((row, place) => ({ name: table.names[place], values: axes.map((column) => table.value(row, column.key)) }))
    .filter((line) => typeof line.values.at(-1) === "number")
    .slice(0, MOST_LINES)
    .map((line) => ({ ...line, places: line.values.map((value, axis) => scales[axis].at(value)) }));
  const passes = (line) => axes.every((column, axis) => within(line.places[axis], kept[column.key]));
  const shown = lines.filter(passes);
  const width = SIDE * 2 + GAP * (axes.length - 1);
  const y = (place) => HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM);
  const path = (line) =>
    line.places
      .map((place, axis) => (place === null ? null : `${SIDE + axis * GAP} ${y(place).toFixed(1)}`))
      .filter(Boolean)
      .map((point, number) => (number ? "L" : "M") + point)
      .join("");
  return html`<section data-testid="parallel">
    <h2 id="parallel">All hyperparameters at once</h2>
    <p class="quiet">${format.number(shown.length)} of ${format.plural(lines.length, of)}; the darker, the greater ${outcome.title}. Choose a part of an axis to keep the lines through it.</p>
    <${Scroll} label="Parallel coordinates">
      <svg class="parallel" width=${width} height=${HEIGHT} role="img" aria-label=${`${format.plural(lines.length, of)} over ${axes.map((column) => column.title).join(", ")}; the values are in the table of all ${of}s`}>
        ${lines.map(
          (line) => html`<path key=${line.name} d=${path(line)} class=${`way q${Math.min(Math.floor((line.places.at(-1) ?? 0) * QUARTERS), QUARTERS - 1)} ${passes(line) ? "" : "out"} ${focused === line.name ? "strong" : ""}`}
            onPointerEnter=${() => setFocused(line.name)} onPointerLeave=${() => setFocused(null)}><title>${line.name}</title></path>`,
        )}
        ${axes.map(
          (column, axis) => html`<g key=${column.key} transform=${`translate(${SIDE + axis * GAP} 0)`}>
            <line x1="0" x2="0" y1=${TOP} y2=${HEIGHT - BOTTOM} class="axis" />
            <text x="0" y="14" text-anchor="middle" class="axis-name">${shortened(column.title, 20)}${scales[axis].log ? " (log)" : ""}</text>
            ${scales[axis].ticks.map(([place, text]) => html`<text key=${text} x="5" y=${y(place) + 4}>${text}</text>`)}
          </g>`,
        )}
      </svg>
    <//>
    <div class="row">${axes.map((column) => html`<${Part} key=${column.key} column=${column} value=${kept[column.key] ?? ""} choose=${(part) => setKept({ ...kept, [column.key]: part })} />`)}
      ${Object.values(kept).some(Boolean) && html`<button type="button" onClick=${() => setKept({})}>Keep all</button>`}
    </div>
  </section>`;
}

const PARTS = [
  ["", "all"],
  ["low", "lower third"],
  ["middle", "middle third"],
  ["high", "upper third"],
];

function Part({ column, value, choose }) {
  return html`<label>${column.title}
    <select value=${value} onChange=${(event) => choose(event.currentTarget.value)}>
      ${PARTS.map(([name, title]) => html`<option key=${name} value=${name}>${title}</option>`)}
    </select>
  </label>`;
}

function within(place, part) {
  if (!part) return true;
  if (place === null) return false;
  return part === (place < 1 / 3 ? "low" : place < 2 / 3 ? "middle" : "high");
}
