// The values of a chart as a table, for those who do not see it and for copying.
import { html, useState } from "../lib.js";

// `head` are titles, `rows` lists of texts; the first of each row is its head.
export function Values({ title, head, rows }) {
  const [open, setOpen] = useState(false);
  return html`<details class="values" onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>Values<span class="hidden"> of ${title}</span></summary>
    ${open &&
    html`<div class="scroll" tabindex="0" role="region" aria-label=${`Values of ${title}`}>
      <table>
        <thead><tr>${head.map((name, place) => html`<th key=${place} scope="col" class=${place ? "number" : ""}>${name}</th>`)}</tr></thead>
        <tbody>
          ${rows.map(
            ([first, ...others], number) => html`<tr key=${number}>
              <th scope="row">${first}</th>
              ${others.map((value, place) => html`<td key=${place} class="number">${value}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`}
  </details>`;
}
