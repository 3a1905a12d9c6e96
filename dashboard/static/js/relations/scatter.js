// Each row as a mark: one column along, the outcome up, and a colour with a shape for each group.
import { html, useState } from "../lib.js";
import { navigate, setParams } from "../router.js";
import { Mark } from "../parts/series.js";
import { Values } from "../charts/values.js";
import * as format from "../format.js";
import { scaleOf, shortened } from "./scale.js";
import { differing, rowAddress } from "./table.js";

const [WIDTH, HEIGHT] = [520, 320];
const [LEFT, RIGHT, TOP, BOTTOM] = [74, 14, 12, 48];
const MOST_GROUPS = 6;

export function Scatter({ table, outcome, params, of }) {
  const [at, setAt] = useState(null);
  const along = differing(table).filter((column) => column.key !== outcome.key && !["commit", "status", "version"].includes(column.key));
  if (along.length === 0) return html`<p class="quiet">Nothing differs that ${outcome.title} could be drawn over.</p>`;
  const x = along.find((column) => column.key === params.get("x")) ?? along[0];
  const groups = along.filter((column) => valuesOf(table, column.key).length <= MOST_GROUPS);
  const color = groups.find((column) => column.key === params.get("color")) ?? null;
  const kinds = color ? valuesOf(table, color.key) : [];
  const points = table.rows
    .map((row, place) => ({ name: table.names[place], x: table.value(row, x.key), y: table.value(row, outcome.key), kind: color ? table.value(row, color.key) : null }))
    .filter((point) => point.x !== null && typeof point.y === "number");
  const scales = [scaleOf(x, points.map((point) => point.x)), scaleOf(outcome, points.map((point) => point.y))];
  return html`<figure class="relation" data-testid="scatter">
    <figcaption>${outcome.title} over ${x.title}</figcaption>
    <div class="row">
      <${Choice} label="Along" name="x" value=${x.key} columns=${along} />
      ${groups.length > 0 && html`<${Choice} label="Colour" name="color" value=${color?.key ?? ""} columns=${groups} none="none" />`}
    </div>
    ${points.length === 0 ? html`<p class="quiet">No ${of} has both.</p>` : html`<${Drawing} points=${points} scales=${scales} x=${x} outcome=${outcome} kinds=${kinds} at=${at} setAt=${setAt} of=${of} />`}
    <p class="quiet at-point" aria-live="off">${at ? `${at.name}: ${x.title} ${format.anything(at.x)}, ${outcome.title} ${format.number(at.y)}${at.kind === null ? "" : `, ${format.anything(at.kind)}`}` : "Hover a mark for its values."}</p>
    ${color && html`<ul class="legend">${kinds.map((kind, index) => html`<li key=${kind}><svg width="14" height="14" aria-hidden="true"><${Mark} index=${index} x=${7} y=${7} /></svg>${format.anything(kind)}</li>`)}</ul>`}
    <${Values} title=${`${outcome.title} over ${x.title}`} head=${[of, x.title, outcome.title]} rows=${() => points.map((point) => [point.name, format.anything(point.x), format.number(point.y)])} />
  </figure>`;
}

function Choice({ label, name, value, columns, none }) {
  return html`<label>${label}
    <select value=${value} onChange=${(event) => setParams({ [name]: event.currentTarget.value })}>
      ${none && html`<option value="">${none}</option>`}
      ${columns.map((column) => html`<option key=${column.key} value=${column.key}>${column.title}</option>`)}
    </select>
  </label>`;
}

function Drawing({ points, scales: [sx, sy], x, outcome, kinds, at, setAt, of }) {
  const px = (value) => LEFT + sx.at(value) * (WIDTH - LEFT - RIGHT);
  const py = (value) => HEIGHT - BOTTOM - sy.at(value) * (HEIGHT - TOP - BOTTOM);
  const drawn = points.filter((point) => sx.at(point.x) !== null && sy.at(point.y) !== null);
  return html`<svg class="scatter" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${`${format.plural(drawn.length, of)} by ${x.title} and ${outcome.title}; the values are in the table below`}>
    ${sy.ticks.map(([place, text]) => {
      const y = HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM);
      return html`<g key=${text}><line x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y} y2=${y} class="grid" /><text x=${LEFT - 6} y=${y + 4} text-anchor="end">${text}</text></g>`;
    })}
    ${sx.ticks.map(([place, text], number) => {
      const left = LEFT + place * (WIDTH - LEFT - RIGHT);
      const anchor = !x.numeric || sx.ticks.length === 1 ? "middle" : number === 0 ? "start" : number === sx.ticks.length - 1 ? "end" : "middle";
      return html`<g key=${text}><line x1=${left} x2=${left} y1=${TOP} y2=${HEIGHT - BOTTOM} class="grid" /><text x=${left} y=${HEIGHT - BOTTOM + 17} text-anchor=${anchor}>${x.numeric ? text : shortened(text, Math.max(4, Math.floor(64 / sx.ticks.length)))}</text></g>`;
    })}
    <text x=${(LEFT + WIDTH - RIGHT) / 2} y=${HEIGHT - 8} text-anchor="middle">${x.title}${sx.log ? " (logarithmic)" : ""}</text>
    <text transform=${`translate(13 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`} text-anchor="middle">${outcome.title}${sy.log ? " (logarithmic)" : ""}</text>
    ${drawn.map(
      (point) => html`<${Mark} key=${point.name} index=${Math.max(kinds.indexOf(point.kind), 0)} x=${px(point.x)} y=${py(point.y)} size=${at?.name === point.name ? 6 : 4}
        onPointerEnter=${() => setAt(point)} onPointerLeave=${() => setAt(null)} onClick=${() => rowAddress(point.name, of) && navigate(rowAddress(point.name, of))} />`,
    )}
  </svg>`;
}

function valuesOf(table, key) {
  const values = [...new Set(table.rows.map((row) => table.value(row, key)).filter((value) => value !== null))];
  return values.sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1));
}
