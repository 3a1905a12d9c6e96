// A line in a square whose axes have one scale, with the diagonal: ROC and calibration.
import { html } from "../lib.js";
import * as format from "../format.js";
import { Values } from "./values.js";

const SIZE = 220;
const LEFT = 46;
const TOP = 8;

// `line` are points: x, y, and further values that the table below shows under the names in `more`.
export function Square({ line, x, y, label, dots = false, more = [] }) {
  const values = line.flatMap(([a, b]) => [a, b]).filter((value) => typeof value === "number");
  const low = Math.min(0, ...values);
  const high = Math.max(1, ...values);
  const shares = low === 0 && high === 1;
  const px = (value) => LEFT + ((value - low) / (high - low)) * SIZE;
  const py = (value) => TOP + SIZE - ((value - low) / (high - low)) * SIZE;
  const ticks = shares ? [0, 0.5, 1] : [low, (low + high) / 2, high];
  const show = (value) => (shares ? String(value) : format.number(value));
  const path = line.map(([a, b], index) => `${index ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");
  return html`<svg class="square" width=${LEFT + SIZE + 12} height=${TOP + SIZE + 44} role="img" aria-label=${`${label}; the values are below`}>
      ${ticks.map(
        (tick) => html`<g key=${tick}>
          <line x1=${px(tick)} x2=${px(tick)} y1=${TOP} y2=${TOP + SIZE} class="grid" />
          <line x1=${LEFT} x2=${LEFT + SIZE} y1=${py(tick)} y2=${py(tick)} class="grid" />
          <text x=${px(tick)} y=${TOP + SIZE + 16} text-anchor="middle">${show(tick)}</text>
          <text x=${LEFT - 6} y=${py(tick) + 4} text-anchor="end">${show(tick)}</text>
        </g>`,
      )}
      <text x=${LEFT + SIZE / 2} y=${TOP + SIZE + 36} text-anchor="middle">${x}</text>
      <text transform=${`translate(12 ${TOP + SIZE / 2}) rotate(-90)`} text-anchor="middle">${y}</text>
      <line x1=${px(low)} y1=${py(low)} x2=${px(high)} y2=${py(high)} class="diagonal" />
      <path d=${path} class="curve" />
      ${dots && line.map(([a, b]) => html`<circle key=${a} cx=${px(a)} cy=${py(b)} r="3" class="dot"><title>${format.number(a)}: ${format.number(b)}</title></circle>`)}
    </svg>
    <${Values} title=${label} head=${[x, y, ...more]} rows=${() => line.map((point) => point.map(format.number))} />`;
}
