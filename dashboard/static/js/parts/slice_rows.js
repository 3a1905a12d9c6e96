// The rows of a table of slices: all rows first, then each group below its features' names.
import { html } from "../lib.js";

// `groups` are those of slices.js; `row` draws a slice by its name and label, or nothing.
export function sliceRows(groups, columns, row) {
  return html`<tbody>${row("overall", "all rows")}</tbody>
    ${groups.map(({ name, slices }) => {
      const rows = slices.map(([slice, label]) => row(slice, label)).filter(Boolean);
      if (rows.length === 0) return null;
      return html`<tbody key=${name}>
        <tr class="group"><th scope="rowgroup" colspan=${columns}>By ${name}</th></tr>
        ${rows}
      </tbody>`;
    })}`;
}
