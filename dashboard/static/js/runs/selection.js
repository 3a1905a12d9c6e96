// What can be done with the runs that are selected.
import { html, useState } from "../lib.js";
import { ask, runApi } from "../api.js";
import { ErrorBox } from "../parts/basic.js";
import { compareAddress } from "../router.js";
import { saveNotes } from "../run/notes.js";
import * as format from "../format.js";

export function Selection({ selected, onSelect, reload }) {
  const [error, setError] = useState(null);
  async function archive(archived) {
    for (const id of selected) {
      const problem = await archiveOne(id, archived);
      setError(problem);
      if (problem) return;
    }
    onSelect([]);
    reload();
  }
  return html`<div aria-live="polite">
    ${selected.length > 0 &&
    html`<div class="selection" data-testid="selection">
      <span>${format.plural(selected.length, "run")} selected</span>
      ${selected.length > 1
        ? html`<a class="button primary" href=${compareAddress(selected)}>Compare</a>`
        : html`<span class="quiet">Select another to compare</span>`}
      <button type="button" onClick=${() => archive(true)}>Archive</button>
      <button type="button" onClick=${() => archive(false)}>Unarchive</button>
      <button type="button" onClick=${() => onSelect([])}>Clear</button>
      ${error && html`<${ErrorBox} error=${error} />`}
    </div>`}
  </div>`;
}

// A selected run may be on another page, so what its notes are is asked first.
async function archiveOne(id, archived) {
  try {
    const { content } = await ask(runApi(id));
    return await saveNotes(content.run, { archived });
  } catch (error) {
    return error.told ?? { headline: `${id} was not changed`, detail: "Is the server still running?" };
  }
}
