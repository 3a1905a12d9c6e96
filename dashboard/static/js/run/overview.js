// What became of a run: the verdict, the graph, and the metrics of all rows.
import { html } from "../lib.js";
import { Facts, RunLink, Scroll, Status, useNow } from "../parts/basic.js";
import { Change } from "../parts/change.js";
import { inWords, missed } from "../bounds.js";
import * as format from "../format.js";
import { verdictOf } from "./verdict.js";
import { Graph } from "./graph.js";
import { Note } from "./tags.js";

const FIRST_RUN = "first run"; // Goes without saying.

export function Overview({ run, record, reload, id }) {
  return html`<${Verdict} run=${run} record=${record} />
    <div class="columns">
      <section class="graph-part">
        <h2 id="nodes">Nodes</h2>
        ${record.nodes.length === 0 ? html`<p class="quiet">The record names none.</p>` : html`<${Nodes} run=${run} nodes=${record.nodes} machines=${record.cloud.machines} />`}
      </section>
      <div>
        <section>
          <h2 id="results">Whole test split</h2>
          <${Metrics} record=${record} id=${id} />
        </section>
        <section>
          <h2 id="facts">Facts</h2>
          <${Facts} rows=${facts(record)} />
        </section>
        <section>
          <h2 id="hyperparameters">Hyperparameters</h2>
          ${Object.keys(record.hyperparameters).length === 0
            ? html`<p class="quiet">None yet.</p>`
            : html`<${Facts} rows=${Object.entries(record.hyperparameters).map(([name, value]) => [name, format.anything(value)])} />`}
        </section>
        <section>
          <h2 id="note">Note</h2>
          <${Note} run=${run} reload=${reload} />
        </section>
      </div>
    </div>`;
}

function Verdict({ run, record }) {
  const verdict = verdictOf(run, record);
  return html`<div class=${`box ${verdict.tone}`} data-testid="verdict" aria-live="polite">
    <strong>${verdict.headline}</strong>
    ${verdict.lines.map((line, number) => html`<div key=${number} class="prose">${line}</div>`)}
    <${Warnings} found=${record.warnings} />
  </div>`;
}

function Warnings({ found }) {
  if (found.length === 0) return null;
  return html`<h3>To be aware of</h3>
    <ul data-testid="warnings">
      ${found.map((one, number) => html`<li key=${number} class="prose"><strong>${String(one.headline)}</strong> ${one.detail && String(one.detail)}</li>`)}
    </ul>`;
}

function facts(record) {
  const rows = Object.entries(record.rows).map(([split, count]) => `${format.number(count)} ${split}`);
  return [
    ["Data", record.data?.path],
    ["Rows", rows.join(", ")],
    ["Network", record.trained && `${record.trained.type}, ${format.number(record.trained.parameters)} parameters`],
    ["Exported size", record.trained && typeof record.trained.bytes === "number" && format.bytes(record.trained.bytes)],
    ["Pushed version", record.pushed_version && String(record.pushed_version)],
    ["Pushed to", record.pushed_to],
    ["Set for this run", record.overrides.join(", ")],
    ["Goes on with", typeof record.resumed === "string" && html`<${RunLink} id=${record.resumed} />`],
    ["Run despite the cache", Array.isArray(record.no_cache) && record.no_cache.join(", ")],
    ...cloudFacts(record.cloud),
  ].map(([name, value]) => [name, value || null]);
}

// Where in the cloud it ran, and what that cost by the prices of its target.
function cloudFacts({ platform, job, page, workflow, cost }) {
  return [
    ["Ran on", typeof platform === "string" && platform],
    ["Job", elsewhere(page, job)],
    ["Submitted by", workflow && elsewhere(workflow, "a workflow")],
    ["Cost", typeof cost === "number" && html`<span title="By the target's prices, without tries that failed">${format.number(cost)}</span>`],
  ];
}

// A link out of the dashboard; where there is no page the words alone.
function elsewhere(address, words) {
  const text = typeof words === "string" ? words : "";
  if (!/^https?:\/\//.test(address)) return text;
  return html`<a href=${address} target="_blank" rel="noopener noreferrer">${text || "its page"}</a>`;
}

function Metrics({ record, id }) {
  const overall = record.metrics.filter((one) => one.slice === "overall");
  if (overall.length === 0) return html`<p class="quiet">Not judged${record.status === "running" ? " yet" : ""}.</p>`;
  const compared = overall.some((one) => typeof one.baseline === "number");
  const boosted = overall.some((one) => typeof one.yardstick === "number");
  return html`<${Worth} yardstick=${record.yardstick} /><${Scroll} label="Metrics of all rows">
    <table>
      <thead><tr><th>Metric</th><th class="number">Value</th>${compared && html`<th class="number">Baseline</th><th class="number">Change</th>`}${boosted && html`<th class="number">Gradient boosting</th>`}<th>Bound</th></tr></thead>
      <tbody>
        ${overall.map(
          (one) => html`<tr key=${one.metric}>
            <th scope="row"><a href=${`/runs/${encodeURIComponent(id)}?tab=evaluation&metric=${encodeURIComponent(one.metric)}`}>${one.metric}</a></th>
            <td class="number">${metricValue(one)}</td>
            ${compared && html`<td class="number quiet">${format.metric(one.baseline, String(one.metric))}</td><td class="number">${change(one, record.config)}</td>`}
            ${boosted && html`<td class="number quiet">${typeof one.yardstick === "number" && format.metric(one.yardstick, String(one.metric))}</td>`}
            <td>${bound(one)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  <//>`;
}

// Whether the network is worth its place beside gradient boosting, in the record's words.
function Worth({ yardstick }) {
  return yardstick?.verdict ? html`<p class="prose" data-testid="yardstick">${String(yardstick.verdict)}</p>` : null;
}

// A metric's value, with as many digits as show on which side of its bounds it is.
export function metricValue(one) {
  if (typeof one.value !== "number") return "undefined";
  return format.metric(one.value, String(one.metric), one.at_least, one.at_most);
}

export function change(one, config) {
  return html`<${Change} value=${one.value} before=${one.baseline} name=${String(one.metric)} config=${config} />`;
}

// The bounds in words, with a sign of whether the value keeps them.
export function bound(one) {
  const words = inWords(one);
  if (!words) return "";
  const kept = !missed(one);
  return html`<span class=${kept ? "" : "bad-text"}>
    <span aria-hidden="true">${kept ? "✓ " : "✕ "}</span><span class="hidden">${kept ? "kept: " : "missed: "}</span>${words}
  </span>`;
}

function Nodes({ run, nodes, machines }) {
  const now = useNow(run.status === "running");
  const begun = nodes.map((node) => Date.parse(node.started) / 1000).filter(Number.isFinite);
  const start = Math.min(...begun);
  const timed = nodes.map((node) => {
    const began = Date.parse(node.started) / 1000;
    const going = node.status === "running";
    const seconds = going && run.status === "running" && Number.isFinite(began) ? Math.max(now - began, 0) : node.seconds;
    return { ...node, state: stateOf(node, run), from: Number.isFinite(began) ? began - start : null, seconds };
  });
  const end = Math.max(1, ...timed.map((node) => (node.from ?? 0) + (node.seconds ?? 0)));
  return html`<${Graph} nodes=${timed} />
    <${Scroll} label="Nodes with their times">
      <table class="nodes" data-testid="nodes">
        <thead><tr><th>Node</th><th>State</th><th class="number">Took</th><th class="bar-head">When</th></tr></thead>
        <tbody>
          ${timed.map(
            (node) => html`<tr key=${node.name} data-node=${node.name} data-state=${node.state}>
              <th scope="row">${node.name}${typeof node.why === "string" && node.why !== FIRST_RUN && html`<div class="quiet why">${node.why}</div>`}${typeof machines?.[node.name] === "string" && html`<div class="quiet why">${machines[node.name]}</div>`}</th>
              <td><${Status} status=${node.state} /></td>
              <td class="number nowrap">${took(node)}</td>
              <td class="bar-cell"><${Bar} node=${node} end=${end} /></td>
            </tr>`,
          )}
        </tbody>
      </table>
    <//>`;
}

function took({ state, seconds }) {
  return state === "running" && seconds !== null ? format.clock(seconds) : format.duration(seconds);
}

function stateOf(node, run) {
  if (node.status === "running" && run.status !== "running") return "died";
  if (node.status === "failed" && run.status === "interrupted") return "interrupted";
  if (node.name === "Pusher" && node.status !== "queued" && run.blessed === false) return "not pushed";
  return String(node.status);
}

// When the node ran, on the run's own time.
function Bar({ node, end }) {
  if (node.from === null) return null;
  const width = Math.max(((node.seconds ?? 0) / end) * 100, 0.6);
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect x=${Math.min((node.from / end) * 100, 99.4)} y="1" width=${width} height="8" data-state=${node.state} />
  </svg>`;
}
