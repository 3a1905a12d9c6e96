// Links to the other pages of a long list.
import { html } from "../lib.js";
import { withParams } from "../router.js";

export function Pager({ page, pages }) {
  if (pages < 2) return null;
  const to = (number) => withParams({ page: number === 1 ? null : number });
  const link = (number, title, rel) =>
    number >= 1 && number <= pages
      ? html`<a class="button" href=${to(number)} rel=${rel}>${title}</a>`
      : html`<span class="button off" aria-disabled="true">${title}</span>`;
  return html`<nav class="pager" aria-label="Pages">
    ${link(page - 1, "Previous", "prev")}
    <span>Page ${page} of ${pages}</span>
    ${link(page + 1, "Next", "next")}
  </nav>`;
}
