// The numbers of a chart as a table, for those who do not see it, and for copying.
import { html, useState } from "../lib.js";

const MOST = 500; // Rows that are drawn at a time without a delay that is felt.

// `head` names the columns, the first of which is the rows' own; `rows` gives the cells when they are asked for.
export function Values({ title, head, rows }) {
  const [open, setOpen] = useState(false);
  return html`<details class="values" onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>Values<span class="hidden"> of ${title}</span></summary>
    ${open && html`<${Table} title=${title} head=${head} rows=${rows()} />`}
  </details>`;
}

function Table({ title, head, rows }) {
  const [asked, setFrom] = useState(0);
  const from = asked < rows.length ? asked : 0;
  const until = Math.min(from + MOST, rows.length);
  return html`${rows.length > MOST &&
    html`<div class="row">
      <button type="button" disabled=${from === 0} onClick=${() => setFrom(from - MOST)}>Before</button>
      <span role="status">Rows ${from + 1} to ${until} of ${rows.length}</span>
      <button type="button" disabled=${until === rows.length} onClick=${() => setFrom(until)}>After</button>
    </div>`}
    <div class="scroll" tabindex="0" role="region" aria-label=${`Values of ${title}`}>
      <table>
        <thead><tr>${head.map((name, place) => html`<th key=${place} class=${place > 0 ? "number" : ""}>${name}</th>`)}</tr></thead>
        <tbody>
          ${rows.slice(from, until).map(
            ([first, ...others], place) => html`<tr key=${place}>
              <th scope="row" class="nowrap">${first}</th>${others.map((cell, column) => html`<td key=${column} class="number nowrap">${cell}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
