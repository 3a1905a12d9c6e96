// How far a metric's value is from another, and whether that is better, by the run's config.
import { html } from "../lib.js";
import * as format from "../format.js";
import { judged } from "../metric_direction.js";

const TONES = { better: "good-text", worse: "bad-text" };

export function Change({ value, before, name, config }) {
  if (typeof value !== "number" || typeof before !== "number") return null;
  const verdict = judged(config, name, value, before);
  return html`<span class=${`nowrap ${TONES[verdict] ?? "quiet"}`}>${format.signed(value - before, name)}${verdict && ` ${verdict}`}</span>`;
}
