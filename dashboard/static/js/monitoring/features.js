// Every feature over the looks of a page: a strip each, those that differ first.
import { html, useState } from "../lib.js";
import { Scroll } from "../parts/basic.js";
import * as format from "../format.js";
import { State, STATES, Strip, StripLegend } from "./states.js";

// Rows that a browser draws without a delay that is felt; a name finds the others.
const MOST_SHOWN = 100;

export function Features({ rows, leftOut }) {
  const [part, setPart] = useState("");
  if (rows.length === 0) return null;
  const named = rows.filter((row) => row.name.toLowerCase().includes(part.toLowerCase()));
  const shown = named.slice(0, MOST_SHOWN);
  return html`<section>
    <h2 id="features">Feature by feature</h2>
    <${StripLegend} states=${STATES} />
    ${rows.length > MOST_SHOWN &&
    html`<p>
      <label class="field"><span>Find</span><input type="search" value=${part} onInput=${(event) => setPart(event.currentTarget.value)} placeholder="part of a name" /></label>
      <span class="quiet"> ${format.number(shown.length)} of ${format.number(rows.length)} features</span>
    </p>`}
    <${Scroll} label="Features over time">
      <table data-testid="watched-features">
        <thead><tr><th>Feature</th><th>Now</th><th>By</th><th class="number">Of what alarms</th><th>Looks, the oldest first</th></tr></thead>
        <tbody>${shown.map((row) => html`<${Row} key=${`${row.subject}\n${row.name}`} row=${row} />`)}</tbody>
      </table>
    <//>
    ${leftOut > 0 && html`<p class="quiet">${format.plural(leftOut, "more feature")} left out.</p>`}
  </section>`;
}

const NAMES = { requests: "refused requests", rows: "all features at once" };

function Row({ row }) {
  const name = row.name || NAMES[row.subject] || "(empty)";
  const states = row.states.map((state) => (state === null ? null : STATES[state]));
  const now = states.find((state) => state !== null);
  const severity = row.severity[0];
  return html`<tr data-feature=${row.name}>
    <th scope="row" class="named"><bdi>${name}</bdi></th>
    <td>${now && html`<${State} state=${now} />`}</td>
    <td class="nowrap">${row.test}</td>
    <td class="number nowrap">${typeof severity === "number" && `${format.number(Number(severity.toPrecision(2)))} ×`}</td>
    <td><${Strip} states=${[...states].reverse()} label=${`States of ${name}`} /></td>
  </tr>`;
}
