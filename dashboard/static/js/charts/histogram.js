// Densities of one to three splits over one axis: the first filled, the others as outlines.
import { html } from "../lib.js";
import * as format from "../format.js";
import { overCommonRanges } from "./buckets.js";
import { Values } from "./values.js";

// `splits` are [name, {histogram, quantiles}] pairs, where `histogram` and `quantiles` are lists of
// buckets with low, high and count.
export function Histogram({ splits, title, width = 200, height = 48, axis = false }) {
  const found = overCommonRanges(splits);
  if (found === null) return null;
  const { edges, shares, low, high, cut } = found;
  const table = html`<${Values} title=${title} head=${["From … to", ...shares.map(([name]) => name)]}
    rows=${() => edges.slice(1).map((to, place) => [range(edges[place], to), ...shares.map(([, all]) => format.percent(all[place]))])} />`;
  if (!(high > low)) return html`<p class="quiet">Always ${format.number(low)}</p>${table}`;
  const densities = shares.map(([name, all]) => [name, all.map((share, place) => share / (edges[place + 1] - edges[place]))]);
  const most = Math.max(...densities.flatMap(([, all]) => all)) || 1;
  const x = (value) => ((Math.min(Math.max(value, low), high) - low) / (high - low)) * width;
  const y = (density) => height - (density / most) * (height - 3);
  const outline = (all) => `M${x(edges[0])} ${height}` + all.map((density, place) => `V${y(density).toFixed(1)}H${x(edges[place + 1]).toFixed(1)}`).join("") + `V${height}`;
  const [first, last] = [edges[0], edges.at(-1)].map(format.number);
  return html`<svg class="histogram" width=${width} height=${height + (axis ? 18 : 0)} role="img" aria-label=${`Histogram of ${title}; the values are below`}>
      ${densities.map(([name, all], index) => html`<path key=${name} d=${outline(all)} class=${index === 0 ? "filled" : `outline s${index + 1}`} />`)}
      <line x1="0" x2=${width} y1=${height - 0.5} y2=${height - 0.5} class="axis" />
      ${axis && html`<text x="0" y=${height + 15}>${low > edges[0] ? `${first} … ${format.number(low)}` : first}</text><text x=${width} y=${height + 15} text-anchor="end">${high < edges.at(-1) ? `${format.number(high)} … ${last}` : last}</text>`}
    </svg>
    ${cut && html`<div class="quiet small">The tails are cut.</div>`}
    ${table}`;
}

function range(from, to) {
  return from === to ? format.number(from) : `${format.number(from)} … ${format.number(to)}`;
}
