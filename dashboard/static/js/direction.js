// Which way a metric is better, as the run's config knows it. As in pipeline/record/metric_direction.py.
import { isObject } from "./parts/trees.js";
import * as format from "./format.js";

const is = (value) => typeof value === "number";
const bounded = (limits) => isObject(limits) && (is(limits.at_least) || is(limits.at_most));

// Greater for a worse value; null for a metric that has no better or worse, such as a count.
export function badness(config, metric, value) {
  const known = config?.evaluation?.metrics?.[metric];
  if (!isObject(known) || !is(value)) return null;
  const { better, at_least: least, at_most: most } = known;
  if (!better && is(least) && is(most)) return Math.abs(value - (least + most) / 2);
  const slices = isObject(known.per_slice) ? Object.values(known.per_slice) : [];
  if (!better && ![known, ...slices].some(bounded)) return null;
  return (better ?? (is(most) && !is(least) ? "lower" : "higher")) === "higher" ? -value : value;
}

// By how much a value is better than a reference, in the metric's unit: negative if it is worse; null
// where that is not known.
export function gain(config, metric, value, reference) {
  const [bad, badReference] = [badness(config, metric, value), badness(config, metric, reference)];
  return bad === null || badReference === null ? null : badReference - bad;
}

// A difference in words and digits: "+0.0123 better".
export function difference(config, metric, value, reference) {
  if (!is(value) || !is(reference) || value === reference) return "";
  const by = gain(config, metric, value, reference);
  const word = by === null || by === 0 ? "" : by > 0 ? " better" : " worse";
  return { text: `${format.signed(value - reference)}${word}`, tone: word.trim() };
}
