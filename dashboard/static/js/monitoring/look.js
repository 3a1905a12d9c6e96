// One look: what differs in words, and the distributions of training and served over each other.
import { html } from "../lib.js";
import { useLive } from "../api.js";
import { ErrorBox, Facts, Loading, Scroll, Time } from "../parts/basic.js";
import { isObject } from "../parts/trees.js";
import { setParams } from "../router.js";
import * as format from "../format.js";
import { versionApi } from "./address.js";
import { Distribution, DistributionLegend } from "./distribution.js";
import { State, STATES } from "./states.js";

const DRAWN = 12;

export function Look({ model, version, file, categories, all }) {
  const { data, error, current } = useLive(versionApi(model, version, `/looks/${encodeURIComponent(file)}`), 600);
  if (error && current) return html`<section><h2 id="look">The look</h2><${ErrorBox} error=${error} /></section>`;
  if (!data || !current) return html`<section><h2 id="look">The look</h2><${Loading} /></section>`;
  const findings = (Array.isArray(data.findings) ? data.findings : []).filter(isObject).map((one) => ({ ...one, state: stateOf(one) }));
  findings.sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state));
  const drawn = drawings(data, findings);
  const shown = all ? drawn : drawn.slice(0, DRAWN);
  return html`<section class="watched-look" data-testid="look">
    <h2 id="look">The look of <${Time} at=${Date.parse(data.time) / 1000} /></h2>
    <p><strong><bdi>${String(data.headline ?? "")}</bdi></strong></p>
    <${Facts} rows=${facts(data)} />
    <${Findings} findings=${findings} />
    ${drawn.length > 0 && html`<h3>Training and served</h3><${DistributionLegend} />`}
    <div class="drawings">
      ${shown.map(
        ([kind, name, shares, state]) => html`<figure key=${`${kind}\n${name}`}>
          <figcaption><bdi>${name || "(empty)"}</bdi>${state && html`<${State} state=${state} />`}</figcaption>
          <${Distribution} name=${name} shares=${shares} ordered=${!categories.includes(name)} />
        </figure>`,
      )}
    </div>
    ${drawn.length > shown.length && html`<p><button type="button" onClick=${() => setParams({ drawn: "all" }, { replace: true })}>Show all ${drawn.length}</button></p>`}
  </section>`;
}

function stateOf({ verdict, counts }) {
  if (verdict === "differs" && counts !== false) return "alarm";
  return STATES.includes(verdict) ? verdict : "same";
}

function facts(look) {
  const seconds = (text) => Date.parse(text) / 1000;
  return [
    ["Window", typeof look.first === "string" && typeof look.last === "string" && html`<${Time} at=${seconds(look.first)} /> to <${Time} at=${seconds(look.last)} />`],
    ["Rows", format.number(look.rows)],
    ["Requests", `${format.number(look.requests)}, ${format.number(look.refused)} refused, ${format.number(look.failed)} failed`],
    ["Logged", typeof look.sampled === "number" && look.sampled < 1 && `${format.percent(look.sampled)} of requests`],
  ].map(([name, value]) => [name, value || null]);
}

// Outputs first, then features, each group in the order of its findings.
function drawings(look, findings) {
  const place = new Map();
  for (const one of findings) {
    const key = `${one.subject}\n${one.name}`;
    if (!place.has(key)) place.set(key, [place.size, one.state]);
  }
  const of = (kind, shares) => (isObject(shares) ? Object.entries(shares).map(([name, found]) => [kind, name, found, place.get(`${kind}\n${name}`)?.[1]]) : []);
  const order = ([kind, name]) => place.get(`${kind}\n${name}`)?.[0] ?? Infinity;
  const sorted = (list) => list.sort((a, b) => (order(a) === order(b) ? 0 : order(a) - order(b)));
  return [...sorted(of("output", look.outputs)), ...sorted(of("feature", look.features))];
}

function Findings({ findings }) {
  const differing = findings.filter((one) => STATES.indexOf(one.state) < 3);
  const rest = findings.length - differing.length;
  const early = findings.filter((one) => one.state === "too early").length;
  return html`${differing.length > 0 &&
    html`<${Scroll} label="What differs">
      <table data-testid="findings">
        <thead><tr><th>What</th><th>State</th><th>Test</th><th class="number">Effect</th><th class="number">Noise</th><th class="number">Alarm from</th><th>In words</th></tr></thead>
        <tbody>
          ${differing.slice(0, 200).map(
            (one, number) => html`<tr key=${number}>
              <th scope="row" class="named"><bdi>${one.name || one.subject}</bdi>${one.slice && html`<div class="quiet"><bdi>${one.slice}</bdi></div>`}</th>
              <td><${State} state=${one.state} /></td>
              <td>${one.test}${one.against !== "bound" && html`<div class="quiet">against ${one.against}</div>`}</td>
              <td class="number nowrap">${typeof one.effect === "number" && `${one.statistic} ${format.number(one.effect)}`}</td>
              <td class="number">${format.number(one.noise)}</td>
              <td class="number">${format.number(one.matters_from)}</td>
              <td class="said"><bdi>${one.words}</bdi></td>
            </tr>`,
          )}
        </tbody>
      </table>
    <//>`}
    <p class="quiet">${format.plural(rest - early, "comparison")} the same${early > 0 ? `, ${format.number(early)} too early` : ""}.</p>`;
}
