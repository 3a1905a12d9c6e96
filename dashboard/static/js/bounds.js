// The bounds of a metric: in words, and whether a value keeps them. As in pipeline/record/bounds.py.

function shown(bound) {
  return String(Number(bound.toPrecision(6)));
}

export function inWords({ at_least: least, at_most: most }) {
  const [hasLeast, hasMost] = [typeof least === "number", typeof most === "number"];
  if (hasLeast && hasMost) return `${shown(least)} to ${shown(most)}`;
  if (hasLeast) return `at least ${shown(least)}`;
  return hasMost ? `at most ${shown(most)}` : "";
}

export function missed({ value, at_least: least, at_most: most }) {
  if (typeof value !== "number") return typeof least === "number" || typeof most === "number";
  return (typeof least === "number" && value < least) || (typeof most === "number" && value > most);
}
