// The head of a column by which a table is sorted: a button that leads to an address.
import { html } from "../lib.js";
import { navigate } from "../router.js";

export function SortHeader({ column, title, sort, address, descendingFirst = false, hint = "", class: extra = "" }) {
  const ascending = sort === column;
  const descending = sort === `-${column}`;
  const next = ascending || (!descending && descendingFirst) ? `-${column}` : column;
  const state = ascending ? "ascending" : descending ? "descending" : null;
  return html`<th scope="col" class=${extra} aria-sort=${state} key=${column}>
    <button type="button" class="sort" onClick=${() => navigate(address(next))} title=${hint || null}>
      ${title}<span class="arrow" aria-hidden="true">${ascending ? "▲" : descending ? "▼" : ""}</span>
    </button>
  </th>`;
}
