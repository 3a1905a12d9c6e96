// Verdicts of looks and states of comparisons, in words, with a sign and a colour.
import { html } from "../lib.js";
import * as format from "../format.js";

// As dashboard/records/monitoring/looks.py numbers them.
export const STATES = ["alarm", "differs", "differs little", "too early", "same"];
const MARKS = { alarm: "▲", differs: "△", "differs little": "◇", "too early": "…", same: "=", nothing: "✓", unreadable: "?" };
const TONES = { alarm: "bad", differs: "bad", unreadable: "bad", nothing: "good" };
const WORDS = { nothing: "nothing differs" };
// The share of the height that a mark in a strip takes, so that states differ without colour.
const HEIGHTS = { alarm: 1, differs: 0.75, "differs little": 0.5, "too early": 0.3, same: 0.15, nothing: 0.15, unreadable: 0.3 };

export function State({ state }) {
  return html`<span class="status" data-state=${state} data-tone=${TONES[state] ?? ""} data-testid="state">
    <span class="mark" aria-hidden="true">${MARKS[state] ?? "?"}</span>${WORDS[state] ?? state}
  </span>`;
}

export function toneOf(verdict) {
  return verdict === "too early" ? "warn" : (TONES[verdict] ?? "");
}

// One mark for each state in its order, the oldest at the left; null where there is none.
export function Strip({ states, label, height = 18, step = 6 }) {
  const width = Math.max(states.length * step, 1);
  const counted = STATES.concat("nothing", "unreadable")
    .map((state) => [state, states.filter((other) => other === state).length])
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${format.number(count)} ${WORDS[state] ?? state}`);
  return html`<svg class="strip" width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label=${`${label}: ${counted.join(", ") || "nothing"}`}>
    ${states.map((state, place) => {
      if (state === null) return null;
      const tall = Math.max(height * (HEIGHTS[state] ?? 0.3), 2);
      return html`<rect key=${place} data-state=${state} x=${place * step} y=${height - tall} width=${step - 1} height=${tall} />`;
    })}
  </svg>`;
}

export function StripLegend({ states }) {
  return html`<ul class="legend" aria-hidden="true">
    ${states.map((state) => html`<li key=${state}><${Strip} states=${[state]} label=${state} height=${12} />${WORDS[state] ?? state}</li>`)}
  </ul>`;
}
