// The pipeline's nodes as a graph, from top to bottom. The table beside it says the same in words.
import { html, useMemo } from "../lib.js";
import * as format from "../format.js";
import { outcomeOf } from "../outcomes.js";
import { layout, slot } from "./layout.js";

const WIDTH = 158;
const HEIGHT = 42;
const ACROSS = 20;
const DOWN = 24;
const SLOT = 8; // Across, of an edge that passes a layer.
const SIGNS = { queued: "", running: "●", done: "✓", cached: "↺", "not pushed": "–", failed: "!", died: "†", interrupted: "‖" };

export function Graph({ nodes }) {
  const shape = nodes.map((node) => `${node.name}<${node.upstream.join()}`).join(";");
  const { layers, edges, place, wide } = useMemo(() => placed(nodes), [shape]);
  const high = layers.length * (HEIGHT + DOWN) - DOWN;
  return html`<svg class="graph" viewBox=${`-1 -1 ${wide + 2} ${high + 2}`} width=${wide + 2} height=${high + 2}
    role="img" aria-label="Graph of the nodes; the table says the same" data-testid="graph">
    ${edges.map(([from, to]) => html`<path key=${`${from} ${to}`} class="edge" d=${line(from, to, place)} />`)}
    ${nodes.map((node) => html`<${Box} key=${node.name} node=${node} at=${place.get(node.name)} />`)}
  </svg>`;
}

function Box({ node, at }) {
  const took = node.seconds === null ? "" : node.state === "running" ? format.clock(node.seconds) : format.duration(node.seconds);
  const below = node.state === "done" ? took : [outcomeOf(node.state).label, took].filter(Boolean).join(" · ");
  return html`<g class="node" data-state=${node.state} transform=${`translate(${at.x} ${at.y})`}>
    <rect width=${WIDTH} height=${HEIGHT} rx="4" />
    <text x="12" y="18" class="name">${node.name}</text>
    <text x="12" y="34" class="state">${below}</text>
    <text x=${WIDTH - 12} y="18" text-anchor="end" class="sign">${SIGNS[node.state] ?? ""}</text>
  </g>`;
}

// Where each box and each slot has its upper left corner; every layer is centred.
function placed(nodes) {
  const { layers, edges } = layout(nodes);
  const width = (name) => (name.includes("\n") ? SLOT : WIDTH);
  const across = (layer) => layer.reduce((sum, name) => sum + width(name) + ACROSS, -ACROSS);
  const wide = Math.max(...layers.map(across));
  const place = new Map();
  layers.forEach((layer, row) => {
    let x = (wide - across(layer)) / 2;
    for (const name of layer) {
      const key = name.includes("\n") ? `${name}\n${row}` : name;
      place.set(key, { x, y: row * (HEIGHT + DOWN), row, middle: x + width(name) / 2 });
      x += width(name) + ACROSS;
    }
  });
  return { layers, edges, place, wide };
}

// From the lower edge of one box to the upper edge of another, straight through the slots between.
function line(from, to, place) {
  const [start, end] = [place.get(from), place.get(to)];
  let path = `M${start.middle} ${start.y + HEIGHT}`;
  let [x, y] = [start.middle, start.y + HEIGHT];
  const curve = (nextX, nextY) => {
    const bend = (nextY - y) / 2;
    path += `C${x} ${y + bend} ${nextX} ${nextY - bend} ${nextX} ${nextY}`;
    [x, y] = [nextX, nextY];
  };
  for (let row = start.row + 1; row < end.row; row += 1) {
    const through = place.get(`${slot(from, to)}\n${row}`);
    curve(through.middle, through.y);
    y = through.y + HEIGHT;
    path += `V${y}`;
  }
  curve(end.middle, end.y);
  return path;
}
