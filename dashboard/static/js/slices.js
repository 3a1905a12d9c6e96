// The slices of a run by the features that they are of. As in pipeline/show/slices.py.

const NUMBER = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/;

// Each slice in the one group of its features, as { name, slices: [[name, label]] }, in the order of
// the config's `evaluation.slices`. `metrics` are a record's; those of all rows are left out.
export function groups(metrics, configured) {
  const known = Array.isArray(configured) ? configured.filter(Array.isArray).map((names) => names.map(String).sort()) : [];
  const found = new Map(known.map((features) => [JSON.stringify(features), new Map()]));
  for (const { slice, features: recorded } of metrics) {
    if (slice === "overall") continue;
    const name = String(slice);
    const features = Array.isArray(recorded) && recorded.length > 0 ? recorded.map(String) : featuresOf(name, known);
    const key = JSON.stringify(features);
    if (!found.has(key)) found.set(key, new Map());
    found.get(key).set(name, valuesOf(name, features) ?? [name]);
  }
  const others = found.get("[]");
  found.delete("[]");
  if (others) found.set("[]", others);
  return [...found]
    .filter(([, slices]) => slices.size > 0)
    .map(([key, slices]) => ({
      name: JSON.parse(key).join(", ") || "other",
      slices: [...slices].sort(([, a], [, b]) => inOrder(a, b)).map(([name, values]) => [name, values.map((value) => value || "(empty)").join(", ")]),
    }));
}

// Of several readings of a name, the one with the most features: values may hold commas and the like.
function featuresOf(name, known) {
  const fitting = known.filter((features) => valuesOf(name, features) !== null);
  return fitting.reduce((longest, features) => (features.length > longest.length ? features : longest), []);
}

function valuesOf(name, features) {
  if (features.length === 0) return null;
  const escaped = features.map((feature) => feature.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const match = new RegExp(`^${escaped.map((feature) => `${feature}=(.*?)`).join(", ")}$`, "s").exec(name);
  return match && match.slice(1);
}

// Numbers in their order, then words in theirs.
function inOrder(left, right) {
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [a, b] = [left[index], right[index]];
    const [isNumber, bIsNumber] = [NUMBER.test(a), NUMBER.test(b)];
    if (isNumber !== bIsNumber) return isNumber ? -1 : 1;
    if (isNumber && Number(a) !== Number(b)) return Number(a) - Number(b);
    if (a !== b) return a < b ? -1 : 1;
  }
  return left.length - right.length;
}
