// Small parts that every page uses.
import { html, useEffect, useState } from "../lib.js";
import * as format from "../format.js";
import { outcomeOf } from "../outcomes.js";
import { runAddress } from "../router.js";

const MARKS = {
  running: "●",
  pushed: "✓",
  not_blessed: "✕",
  partial: "◐",
  stopped: "■",
  failed: "!",
  interrupted: "‖",
  died: "†",
  exported: "⇤",
  unreadable: "?",
  queued: "·",
  done: "✓",
  cached: "↺",
  "not pushed": "–",
};

// A status in a word, with a sign and a colour.
export function Status({ status, children }) {
  const { label, tone } = outcomeOf(status);
  return html`<span class="status" data-status=${status} data-tone=${tone} data-testid="status">
    <span class="mark" aria-hidden="true">${MARKS[status] ?? "?"}</span>${children ?? label}
  </span>`;
}

export function Time({ at }) {
  const text = format.time(at);
  if (!text) return null;
  return html`<time datetime=${format.isoTime(at)} title=${format.fullTime(at)}>${text}</time>`;
}

// The present time in seconds, each second anew while `running`.
export function useNow(running) {
  const [now, setNow] = useState(Date.now() / 1000);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => setNow(Date.now() / 1000), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

// How long a run took, or a clock while it runs.
export function Duration({ run }) {
  const running = run.status === "running" && run.started !== null;
  const now = useNow(running);
  if (running) return html`${format.clock(now - run.started)}`;
  if (run.started === null || run.finished === null) return null;
  return html`${format.duration(run.finished - run.started)}`;
}

export function RunLink({ id, params }) {
  return html`<a class="run-link" href=${runAddress(id, params)}>${id}</a>`;
}

export function Hash({ hash, label }) {
  if (!hash) return null;
  return html`<code class="hash" title=${`${label} ${hash}`}>${format.short(hash)}</code>`;
}

export function ErrorBox({ error }) {
  return html`<div class="box bad" role="alert" data-testid="error">
    <strong>${error.headline}</strong>
    ${error.detail && html`<div>${error.detail}</div>`} ${error.remedy && html`<div>${error.remedy}</div>`}
  </div>`;
}

export function Loading() {
  return html`<p class="quiet" role="status">Loading …</p>`;
}

export function Copyable({ text }) {
  const [copied, setCopied] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      setCopied(false);
    }
  }
  return html`<div class="copyable">
    <pre tabindex="0"><code>${text}</code></pre>
    ${navigator.clipboard &&
    html`<button type="button" onClick=${copy} aria-live="polite">${copied ? "Copied" : "Copy"}</button>`}
  </div>`;
}

// Sections of a page, each with an address of its own. `tabs` are [name, title] pairs.
export function Tabs({ tabs, current, address, label }) {
  return html`<nav class="tabs" aria-label=${label}>
    ${tabs.map(
      ([name, title]) =>
        html`<a key=${name} href=${address(name)} aria-current=${name === current ? "page" : null}>${title}</a>`,
    )}
  </nav>`;
}

// A table that scrolls sideways in a narrow window, and can be reached by keyboard then.
export function Scroll({ label, children, class: extra = "" }) {
  return html`<div class=${`scroll ${extra}`} tabindex="0" role="region" aria-label=${label}>${children}</div>`;
}

// Names and values, one a row. `rows` are [name, value] pairs; pairs without a value are left out.
export function Facts({ rows }) {
  const there = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<dl class="facts">
    ${there.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}
