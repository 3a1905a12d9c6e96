// A colour and a dash pattern for each of several things, so that neither stands alone.
import { html } from "../lib.js";

const COLORS = 8;
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 2, 5, 2], [14, 4]]; // Seven, so that 56 pairs differ.

export function colorOf(index) {
  return (index % COLORS) + 1;
}

export function dashOf(index) {
  return DASHES[index % DASHES.length];
}

// A short piece of the line.
export function Swatch({ index }) {
  return html`<svg class="series-swatch" width="28" height="10" aria-hidden="true">
    <line x1="0" x2="28" y1="5" y2="5" class=${`s${colorOf(index)}`} stroke-width="2.2" stroke-dasharray=${dashOf(index).join(" ") || null} />
  </svg>`;
}

const SHAPES = ["circle", "square", "triangle", "diamond", "cross", "ring"];

// A mark of a group in a scatter plot, which differs in its shape as well.
export function Mark({ index, x, y, size = 4, ...rest }) {
  const common = { class: `mark-shape s${colorOf(index)}`, ...rest };
  switch (SHAPES[index % SHAPES.length]) {
    case "square":
      return html`<rect x=${x - size} y=${y - size} width=${2 * size} height=${2 * size} ...${common} />`;
    case "triangle":
      return html`<path d=${`M${x} ${y - size * 1.2}L${x + size * 1.1} ${y + size}H${x - size * 1.1}Z`} ...${common} />`;
    case "diamond":
      return html`<path d=${`M${x} ${y - size * 1.3}L${x + size * 1.3} ${y}L${x} ${y + size * 1.3}L${x - size * 1.3} ${y}Z`} ...${common} />`;
    case "cross":
      return html`<path d=${`M${x - size} ${y - size}L${x + size} ${y + size}M${x - size} ${y + size}L${x + size} ${y - size}`} ...${common} stroke-width="2" />`;
    case "ring":
      return html`<circle cx=${x} cy=${y} r=${size} ...${common} fill-opacity="0" stroke-width="1.8" />`;
    default:
      return html`<circle cx=${x} cy=${y} r=${size} ...${common} />`;
  }
}
