// Leads to the other pages of a long list.
import { html } from "../lib.js";
import { setParams, withParams } from "../router.js";

// The number of the page that an address asks for, from 1.
export function pageNumber(params) {
  return Math.max(Number.parseInt(params.get("page") ?? "1", 10) || 1, 1);
}

export function Pager({ page, pages, children }) {
  if (pages < 2 && page === 1 && !children) return null;
  const param = (number) => ({ page: number === 1 ? null : number });
  const link = (number, title, rel) =>
    number >= 1 && number <= pages && number !== page
      ? html`<a class="button" href=${withParams(param(number))} rel=${rel}>${title}</a>`
      : html`<span class="button off" aria-disabled="true">${title}</span>`;
  function go(event) {
    const number = Number.parseInt(event.currentTarget.value, 10);
    if (number >= 1) setParams(param(Math.min(number, Math.max(pages, 1))));
    else event.currentTarget.value = page;
  }
  return html`<nav class="pager" aria-label="Pages">
    ${link(1, "First")} ${link(Math.min(page - 1, pages), "Previous", "prev")}
    <label>Page <input type="number" min="1" max=${pages} value=${page} onChange=${go} /> of ${pages}</label>
    ${link(page + 1, "Next", "next")} ${link(pages, "Last")} ${children}
  </nav>`;
}
