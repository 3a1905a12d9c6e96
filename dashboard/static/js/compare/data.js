// What the training data of a run has that the first run's had not.
import { html, useState } from "../lib.js";
import { useLive } from "../api.js";
import { ErrorBox, Loading, RunLink, Scroll } from "../parts/basic.js";
import { setParams } from "../router.js";
import { isObject } from "../parts/trees.js";
import { Histogram } from "../charts/histogram.js";
import * as format from "../format.js";

const SPLITS = ["train", "eval", "test"];
const SPLIT = "train";
const SHOWN = 100;

export function ComparedData({ runs, params }) {
  const [first, ...others] = runs;
  if (others.length === 0) return html`<p class="quiet">Two runs are needed.</p>`;
  const other = others.find((one) => one.id === params.get("with")) ?? others[0];
  return html`${others.length > 1 &&
    html`<label class="row">Compare with
      <select value=${other.id} onChange=${(event) => setParams({ with: event.currentTarget.value })}>
        ${others.map((one) => html`<option key=${one.id} value=${one.id}>${one.id}</option>`)}
      </select>
    </label>`}
    <p>What <${RunLink} id=${other.id} /> was trained on, beside <${RunLink} id=${first.id} />.</p>
    <${Sizes} first=${first} other=${other} />
    <${Features} key=${`${first.id} ${other.id}`} first=${first} other=${other} />`;
}

function Sizes({ first, other }) {
  const rows = (one) => (isObject(one.record.rows) ? one.record.rows : {});
  const same = first.run.dataset !== "" && first.run.dataset === other.run.dataset;
  const path = (one) => one.record.data?.path ?? "";
  return html`${same && html`<p><strong>Both read the same data</strong>, by the hash of its content. Splits and config may still differ.</p>`}
    <${Scroll} label="Rows of both runs">
      <table>
        <thead><tr><th scope="col">Split</th><th scope="col" class="number">Before</th><th scope="col" class="number">Now</th><th scope="col" class="number">Change</th></tr></thead>
        <tbody>
          ${SPLITS.filter((split) => split in rows(first) || split in rows(other)).map((split) => {
            const [was, now] = [rows(first)[split], rows(other)[split]];
            const both = typeof was === "number" && typeof now === "number";
            return html`<tr key=${split}><th scope="row">${split} rows</th><td class="number">${format.number(was)}</td><td class="number">${format.number(now)}</td><td class="number">${both && now !== was ? `${now > was ? "+" : "−"}${format.number(Math.abs(now - was))}` : ""}</td></tr>`;
          })}
          ${path(first) !== path(other) && html`<tr><th scope="row">path</th><td><code>${path(first)}</code></td><td><code>${path(other)}</code></td><td></td></tr>`}
        </tbody>
      </table>
    <//>`;
}

function Features({ first, other }) {
  const [all, setAll] = useState(false);
  const asked = new URLSearchParams({ left: first.id, right: other.id });
  const { data, error } = useLive(`/api/compare/data?${asked}`, 30);
  if (!data) return error ? html`<${ErrorBox} error=${error} />` : html`<${Loading} />`;
  if (data.described.includes(false)) {
    const lacking = data.described[0] ? other.id : first.id;
    return html`<p class="quiet">The details of <code>${lacking}</code> do not describe its features: it did not come so far.</p>`;
  }
  const differing = data.features.filter((one) => one.differs);
  const shown = (all ? data.features : differing).slice(0, SHOWN);
  return html`<h2 id="features">Features</h2>
    <p data-testid="data-change">
      ${differing.length === 0 ? "No feature differs by more than chance." : `${format.number(differing.length)} of ${format.plural(data.features.length, "feature")} ${differing.length === 1 ? "differs" : "differ"} by more than chance.`}
    </p>
    <label class="row"><input type="checkbox" checked=${all} onChange=${(event) => setAll(event.currentTarget.checked)} /> Show all features</label>
    ${shown.length > 0 &&
    html`<ul class="legend"><li><span class="swatch s1 block"></span>before</li><li><span class="swatch s2"></span>now</li></ul>
      <${Scroll} label="Features that differ">
        <table class="features" data-testid="data-changes">
          <thead><tr><th scope="col">Feature</th><th scope="col">What is new</th><th scope="col" class="number">Drift</th><th scope="col">Training rows</th></tr></thead>
          <tbody>
            ${shown.map(
              (one) => html`<tr key=${one.name}>
                <th scope="row"><strong>${one.name}</strong>${one.state !== "both" && html`<div class="bad-text">${one.state}</div>`}</th>
                <td class="said">${one.said.map((line, number) => html`<div key=${number}>${line}</div>`)}${one.aside.map((line, number) => html`<div key=${number} class="quiet">${line}</div>`)}</td>
                <td class="number nowrap"><${Drift} distance=${one.distance} /></td>
                <td><${Distribution} name=${one.name} first=${first} other=${other} /></td>
              </tr>`,
            )}
          </tbody>
        </table>
      <//>`}
    <p class="quiet">Drift is, of numbers, the difference of the means in standard deviations (mean) or of the shares of values up to a number (Kolmogorov-Smirnov), whichever is farther; of words the largest difference of a value's share (L-infinity); or what the run itself measured against the other (PSI). Below it stands what two samples of the same data stay under 19 times out of 20.</p>`;
}

function Drift({ distance }) {
  if (!distance) return html`<span class="quiet">–</span>`;
  const much = distance.value > distance.expected;
  return html`<span class=${much ? "bad-text" : ""}>${much && html`<span aria-hidden="true">! </span><span class="hidden">much: </span>`}${distance.value.toFixed(3)}</span>
    <div class="quiet">${distance.measure} ≤ ${distance.expected.toFixed(3)}</div>`;
}

function splitOf(one, name) {
  const features = Array.isArray(one.details?.features) ? one.details.features : [];
  return features.find((feature) => feature?.name === name)?.splits?.[SPLIT] ?? {};
}

function Distribution({ name, first, other }) {
  const [was, now] = [splitOf(first, name), splitOf(other, name)];
  const drawn = [was, now].some((split) => Array.isArray(split.histogram) && split.histogram.length > 0);
  if (drawn) return html`<${Histogram} splits=${[["before", was], ["now", now]]} title=${name} axis=${true} />`;
  const shares = (split) => new Map((Array.isArray(split.top) ? split.top : []).map((one) => [String(one.value), one.count / (split.rows || 1)]));
  const [before, after] = [shares(was), shares(now)];
  const values = [...new Set([...before.keys(), ...after.keys()])]
    .sort((a, b) => Math.abs((after.get(b) ?? 0) - (before.get(b) ?? 0)) - Math.abs((after.get(a) ?? 0) - (before.get(a) ?? 0)))
    .slice(0, 3);
  return values.map((value) => html`<div key=${value} class="nowrap">${value === "" ? "(empty)" : value} <span class="quiet">${format.percent(before.get(value) ?? 0)} → ${format.percent(after.get(value) ?? 0)}</span></div>`);
}
