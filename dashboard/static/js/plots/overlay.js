// Curves of one or several models over each other, on axes of one scale: ROC, precision-recall, calibration.
import { html, useState } from "../lib.js";
import { colorOf, dashOf, Swatch } from "../parts/series.js";
import { Values } from "../charts/values.js";
import * as format from "../format.js";

const SIZE = 260;
const TOP = 10;
const RIGHT = 14;

// `lines` are {label, index, points: [[x, y, ...], ...], marked: [x, y] or null}; what a point has beyond x and
// y is in the table alone, under the names in `more`. `dots` draws the points.
// The axes reach from 0 to 1, or as far as the values do.
export function Overlay({ title, x, y, lines, more = [], dots = false, diagonal = false }) {
  const [focused, setFocused] = useState(null);
  const drawn = lines.filter((line) => line.points.length > 0);
  if (drawn.length === 0) return null;
  const numbers = drawn.flatMap((line) => line.points.flatMap(([a, b]) => [a, b]));
  const low = Math.min(0, ...numbers);
  const high = Math.max(1, ...numbers);
  const left = low === 0 && high === 1 ? 48 : 80; // Room for the numbers beside the axis.
  const width = left + SIZE + RIGHT;
  const px = (value) => left + ((value - low) / (high - low)) * SIZE;
  const py = (value) => TOP + SIZE - ((value - low) / (high - low)) * SIZE;
  const faded = (line) => (focused !== null && focused !== line.label ? "faded" : "");
  const several = drawn.length > 1;
  return html`<figure class="overlay" data-testid="overlay" data-title=${title}>
    <figcaption>${title}</figcaption>
    <svg class="square" viewBox=${`0 0 ${width} ${TOP + SIZE + 44}`} width=${width} height=${TOP + SIZE + 44} role="img" aria-label=${`${title} of ${format.plural(drawn.length, "model")}; the values are in the table below`}>
      <${Axes} low=${low} high=${high} left=${left} px=${px} py=${py} x=${x} y=${y} diagonal=${diagonal} />
      ${drawn.map(
        (line) => html`<g key=${line.label} class=${faded(line)} onPointerEnter=${() => setFocused(line.label)} onPointerLeave=${() => setFocused(null)}>
          <path d=${pathOf(line.points, px, py)} class="hit" />
          <path d=${pathOf(line.points, px, py)} class=${`line s${colorOf(line.index)} ${focused === line.label ? "strong" : ""}`} stroke-dasharray=${dashOf(line.index).join(" ") || null} />
          ${dots && line.points.map(([a, b], place) => html`<circle key=${place} cx=${px(a)} cy=${py(b)} r="2.6" class=${`s${colorOf(line.index)}`} />`)}
          ${line.marked && html`<circle cx=${px(line.marked[0])} cy=${py(line.marked[1])} r="5" class="threshold-mark" />`}
          <title>${line.label}</title>
        </g>`,
      )}
    </svg>
    ${several &&
    html`<ul class="legend column">
      ${drawn.map(
        (line) => html`<li key=${line.label} class=${faded(line)} onPointerEnter=${() => setFocused(line.label)} onPointerLeave=${() => setFocused(null)}>
          <${Swatch} index=${line.index} /><span class="run-link">${line.label}</span>
        </li>`,
      )}
    </ul>`}
    <${Values} title=${title} head=${[...(several ? ["Model"] : []), x, y, ...more]} rows=${() => drawn.flatMap((line) => line.points.map((point) => [...(several ? [line.label] : []), ...point.map(format.number)]))} />
  </figure>`;
}

function Axes({ low, high, left, px, py, x, y, diagonal }) {
  const shares = low === 0 && high === 1;
  const ticks = shares ? [0, 0.25, 0.5, 0.75, 1] : [low, (low + high) / 2, high];
  const show = (value) => (shares ? String(value) : format.number(value));
  return html`${ticks.map(
      (tick, place) => html`<g key=${tick}>
        <line x1=${px(tick)} x2=${px(tick)} y1=${py(low)} y2=${py(high)} class="grid" />
        <line x1=${px(low)} x2=${px(high)} y1=${py(tick)} y2=${py(tick)} class="grid" />
        <text x=${px(tick)} y=${py(low) + 16} text-anchor=${shares || place < ticks.length - 1 ? "middle" : "end"}>${show(tick)}</text>
        <text x=${left - 6} y=${py(tick) + 4} text-anchor="end">${show(tick)}</text>
      </g>`,
    )}
    <text x=${left + SIZE / 2} y=${TOP + SIZE + 36} text-anchor="middle">${x}</text>
    <text transform=${`translate(12 ${TOP + SIZE / 2}) rotate(-90)`} text-anchor="middle">${y}</text>
    ${diagonal && html`<line x1=${px(low)} y1=${py(low)} x2=${px(high)} y2=${py(high)} class="diagonal" />`}`;
}

function pathOf(points, px, py) {
  return points.map(([a, b], place) => `${place ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");
}
