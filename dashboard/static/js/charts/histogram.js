// Densities of one to three splits over one axis: the first filled, the others as outlines.
import { html } from "../lib.js";
import * as format from "../format.js";

// `splits` are [name, buckets] pairs; a bucket has low, high and count.
export function Histogram({ splits, width = 200, height = 48, axis = false }) {
  const usable = splits
    .map(([name, buckets]) => [name, buckets.filter((bucket) => bucket && bucket.high > bucket.low)])
    .filter(([, buckets]) => buckets.length > 0);
  if (usable.length === 0) return null;
  const low = Math.min(...usable.flatMap(([, buckets]) => buckets.map((bucket) => bucket.low)));
  const high = Math.max(...usable.flatMap(([, buckets]) => buckets.map((bucket) => bucket.high)));
  const densities = usable.map(([name, buckets]) => {
    const sum = buckets.reduce((all, bucket) => all + bucket.count, 0) || 1;
    return [name, buckets.map((bucket) => ({ ...bucket, density: bucket.count / sum / (bucket.high - bucket.low) }))];
  });
  const most = Math.max(...densities.flatMap(([, buckets]) => buckets.map((bucket) => bucket.density))) || 1;
  const x = (value) => ((value - low) / (high - low)) * width;
  const y = (density) => height - (density / most) * (height - 3);
  const outline = (buckets) =>
    `M${x(buckets[0].low)} ${height}` + buckets.map((b) => `V${y(b.density).toFixed(1)}H${x(b.high).toFixed(1)}`).join("") + `V${height}`;
  return html`<svg class="histogram" width=${width} height=${height + (axis ? 18 : 0)} aria-hidden="true">
    ${densities.map(([name, buckets], index) => html`<path key=${name} d=${outline(buckets)} class=${index === 0 ? "filled" : `outline s${index + 1}`} />`)}
    <line x1="0" x2=${width} y1=${height - 0.5} y2=${height - 0.5} class="axis" />
    ${axis && html`<text x="0" y=${height + 15}>${format.number(low)}</text><text x=${width} y=${height + 15} text-anchor="end">${format.number(high)}</text>`}
  </svg>`;
}
