// What can be done with the runs that are selected.
import { html } from "../lib.js";
import { compareAddress } from "../router.js";
import * as format from "../format.js";

export function Selection({ selected, onSelect }) {
  return html`<div aria-live="polite">
    ${selected.length > 0 &&
    html`<div class="selection" data-testid="selection">
      <span>${format.plural(selected.length, "run")} selected</span>
      ${selected.length > 1
        ? html`<a class="button primary" href=${compareAddress(selected)}>Compare</a>`
        : html`<span class="quiet">Select another to compare</span>`}
      <button type="button" onClick=${() => onSelect([])}>Clear</button>
    </div>`}
  </div>`;
}
