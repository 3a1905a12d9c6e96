// Training and served over each other: training filled, served an outline, the last window dashed.
import { html } from "../lib.js";
import { Scroll } from "../parts/basic.js";
import * as format from "../format.js";

const WIDTH = 300;
const HEIGHT = 96;
const LONGEST = 24;
const NAMES = [
  ["reference", "training"],
  ["served", "served"],
  ["last_window", "last window"],
];

// `shares` is a look's: labels, reference, served and perhaps last_window.
export function Distribution({ name, shares, ordered }) {
  const labels = Array.isArray(shares?.labels) ? shares.labels.map(String) : [];
  const series = NAMES.filter(([key]) => Array.isArray(shares?.[key])).map(([key, title]) => [key, title, labels.map((_, place) => Number(shares[key][place]) || 0)]);
  if (labels.length === 0 || series.length === 0) return null;
  const most = Math.max(...series.flatMap(([, , values]) => values)) || 1;
  const Drawing = ordered ? Columns : Bars;
  return html`<${Drawing} name=${name} labels=${labels} series=${series} most=${most} />
    <details class="values">
      <summary>Values<span class="hidden"> of ${name}</span></summary>
      <${Scroll} label=${`Values of ${name}`}>
        <table>
          <thead><tr><th>Range or value</th>${series.map(([key, title]) => html`<th key=${key} class="number">${title}</th>`)}</tr></thead>
          <tbody>
            ${labels.map((label, place) => html`<tr key=${place}><th scope="row"><bdi>${label}</bdi></th>${series.map(([key, , values]) => html`<td key=${key} class="number nowrap">${format.percent(values[place])}</td>`)}</tr>`)}
          </tbody>
        </table>
      <//>
    </details>`;
}

function Columns({ name, labels, series, most }) {
  const step = WIDTH / labels.length;
  const path = (values) => `M0 ${HEIGHT}` + values.map((value, place) => `V${(HEIGHT - (value / most) * (HEIGHT - 4)).toFixed(1)}H${((place + 1) * step).toFixed(1)}`).join("") + `V${HEIGHT}`;
  return html`<svg class="shares" viewBox=${`0 0 ${WIDTH} ${HEIGHT + 16}`} role="img" aria-label=${`Shares of ${name}; the values are below`}>
    ${series.map(([key, , values]) => html`<path key=${key} class=${key} d=${path(values)} />`)}
    <text x="0" y=${HEIGHT + 13}>${cut(labels[0])}</text>
    ${labels.length > 1 && html`<text x=${WIDTH} y=${HEIGHT + 13} text-anchor="end">${cut(labels.at(-1))}</text>`}
  </svg>`;
}

function Bars({ name, labels, series, most }) {
  const row = 20 + series.length * 7;
  return html`<svg class="shares" viewBox=${`0 0 ${WIDTH} ${labels.length * row}`} role="img" aria-label=${`Shares of ${name}; the values are below`}>
    ${labels.map((label, place) => {
      const said = series.slice(0, 2).map(([, , values]) => format.percent(values[place])).join(" → ");
      return html`<g key=${place}>
        <text x="0" y=${place * row + 11}>${cut(label)}</text>
        <text x=${WIDTH} y=${place * row + 11} text-anchor="end">${said}</text>
        ${series.map(([key, , values], index) => html`<rect key=${key} class=${key} x="1" y=${place * row + 15 + index * 7} width=${Math.max((values[place] / most) * (WIDTH - 2), 0.5)} height="5" />`)}
      </g>`;
    })}
  </svg>`;
}

function cut(label) {
  const letters = [...label];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST).join("")}…` : label;
}

export function DistributionLegend() {
  return html`<ul class="legend" aria-hidden="true">
    ${NAMES.map(([key, title]) => html`<li key=${key}><svg class="shares" width="18" height="12"><rect class=${key} x="1" y="1" width="16" height="10" /></svg>${key === "reference" ? "training; of answers, the test split" : title}</li>`)}
  </ul>`;
}
