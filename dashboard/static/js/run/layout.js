// Puts the nodes of a directed graph into layers, each below those that it waits for.
//
// `layers` are lists of names; an edge that passes a layer has a slot in it, named as `slot` says.

export function layout(nodes) {
  const upstream = new Map(nodes.map((node) => [node.name, []]));
  for (const node of nodes) {
    upstream.set(node.name, node.upstream.filter((name) => upstream.has(name) && name !== node.name));
  }
  const depth = depths(upstream);
  const edges = needed(upstream, depth);
  sink(edges, depth);
  const layers = [];
  for (const node of nodes) (layers[depth.get(node.name)] ??= []).push(node.name);
  for (const [from, to] of edges) {
    for (let row = depth.get(from) + 1; row < depth.get(to); row += 1) layers[row].push(slot(from, to));
  }
  return { layers: untangled(layers, edges), edges };
}

export function slot(from, to) {
  return `${from}\n${to}`;
}

// Each node's longest way from a start. A circle, which no pipeline has, is cut where it closes.
function depths(upstream) {
  const depth = new Map();
  const open = new Set();
  function visit(name) {
    if (depth.has(name)) return depth.get(name);
    if (open.has(name)) return -1;
    open.add(name);
    const value = 1 + Math.max(-1, ...upstream.get(name).map(visit));
    open.delete(name);
    depth.set(name, value);
    return value;
  }
  for (const name of upstream.keys()) visit(name);
  return depth;
}

// The edges without those that follow from others (the transitive reduction).
function needed(upstream, depth) {
  const above = new Map();
  const order = [...upstream.keys()].sort((a, b) => depth.get(a) - depth.get(b));
  const edges = [];
  for (const name of order) {
    const direct = upstream.get(name).filter((other) => depth.get(other) < depth.get(name));
    const through = new Set(direct.flatMap((other) => [...above.get(other)]));
    for (const other of direct) if (!through.has(other)) edges.push([other, name]);
    above.set(name, new Set([...direct, ...through]));
  }
  return edges;
}

// Moves starts, such as a frozen schema, down to the layer above the first that needs them.
function sink(edges, depth) {
  const entered = new Set(edges.map(([, to]) => to));
  for (const name of depth.keys()) {
    const next = edges.filter(([from]) => from === name).map(([, to]) => depth.get(to));
    if (!entered.has(name) && next.length) depth.set(name, Math.min(...next) - 1);
  }
}

// Orders each layer by where its nodes' upstream nodes stand, so that fewer edges cross.
function untangled(layers, edges) {
  const position = new Map();
  const above = (name) => {
    if (!name.includes("\n")) return edges.filter(([, to]) => to === name).map(([from, to]) => position.get(slot(from, to)) ?? position.get(from));
    return [position.get(name) ?? position.get(name.split("\n")[0])];
  };
  return layers.map((layer) => {
    const middle = new Map(
      layer.map((name) => {
        const places = above(name).filter((place) => place !== undefined);
        return [name, places.length ? places.reduce((a, b) => a + b, 0) / places.length : 0];
      }),
    );
    const ordered = [...layer].sort((a, b) => middle.get(a) - middle.get(b));
    ordered.forEach((name, place) => position.set(name, place - (ordered.length - 1) / 2));
    return ordered;
  });
}
