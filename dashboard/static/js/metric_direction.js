// Which way a metric is better. As in pipeline/record/metric_direction.py.

// Greater for a worse value; null for a metric that has no better or worse, such as a count.
function badness(config, name, value) {
  const metric = config?.evaluation?.metrics?.[name];
  if (typeof metric !== "object" || metric === null) return null;
  const has = (bounds, key) => typeof bounds?.[key] === "number";
  const stated = metric.better === "higher" || metric.better === "lower";
  if (!stated && has(metric, "at_least") && has(metric, "at_most")) return Math.abs(value - (metric.at_least + metric.at_most) / 2);
  const limits = [metric, ...Object.values(metric.per_slice ?? {})];
  if (!stated && !limits.some((bounds) => has(bounds, "at_least") || has(bounds, "at_most"))) return null;
  const lower = stated ? metric.better === "lower" : !has(metric, "at_least") && has(metric, "at_most");
  return lower ? value : -value;
}

// `better`, `worse`, or nothing where the values are the same in four decimals or neither is better.
export function judged(config, name, value, before) {
  if (typeof value !== "number" || typeof before !== "number") return "";
  const change = badness(config, name, value) - badness(config, name, before);
  if (badness(config, name, value) === null || Math.abs(change) < 0.00005) return "";
  return change < 0 ? "better" : "worse";
}
