// Training curves of one run or of several.

// The metrics that any of the curves is of, `loss` first.
export function metricsOf(curves) {
  const names = [...new Set(curves.map((curve) => curve.metric))];
  return names.sort((a, b) => (b === "loss") - (a === "loss"));
}

// The curves of a details.json that can be drawn.
export function curvesOf(details) {
  const curves = Array.isArray(details?.curves) ? details.curves : [];
  return curves.filter((curve) => curve && typeof curve.metric === "string" && Array.isArray(curve.values));
}

// Pairs of epoch, from 1, and value.
export function points(curve) {
  return curve.values.map((value, index) => [index + 1, typeof value === "number" ? value : null]).filter(([, value]) => value !== null);
}
