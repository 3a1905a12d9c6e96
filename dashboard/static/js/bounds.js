// The bounds of a metric: in words, and whether a value keeps them. As in pipeline/record/bounds.py.

function shown(bound) {
  return String(Number(bound.toPrecision(15)));
}

export function inWords({ at_least: least, at_most: most }) {
  const [hasLeast, hasMost] = [typeof least === "number", typeof most === "number"];
  if (hasLeast && hasMost) return `${shown(least)} to ${shown(most)}`;
  if (hasLeast) return `at least ${shown(least)}`;
  return hasMost ? `at most ${shown(most)}` : "";
}

// Metrics of Keras have single precision: 7 right rows of 10 are 0.699999988 there, which is at least 0.7.
export function missed({ value, at_least: least, at_most: most }) {
  const [hasLeast, hasMost] = [typeof least === "number", typeof most === "number"];
  if (typeof value !== "number") return hasLeast || hasMost;
  return (hasLeast && value < least && value < Math.fround(least)) || (hasMost && value > most && value > Math.fround(most));
}
