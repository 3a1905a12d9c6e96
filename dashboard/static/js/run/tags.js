// Tags of a run, its note, and whether it is archived.
import { html, useRef, useState } from "../lib.js";
import { ErrorBox } from "../parts/basic.js";
import { Markdown } from "../parts/markdown.js";
import { saveNotes } from "./notes.js";

async function save(run, changes, reload) {
  const problem = await saveNotes(run, changes);
  if (!problem) reload();
  return problem;
}

export function Tags({ run, reload }) {
  const [adding, setAdding] = useState(false);
  const [error, setError] = useState(null);
  const input = useRef(null);
  const change = async (tags) => setError(await save(run, { tags }, reload));
  function add(event) {
    event.preventDefault();
    const tag = input.current.value.trim();
    if (tag && !run.tags.includes(tag)) change([...run.tags, tag]);
    input.current.value = "";
    if (!tag) setAdding(false);
  }
  return html`<div class="tag-editor">
    <ul class="tags" aria-label="Tags">
      ${run.tags.map(
        (tag) =>
          html`<li key=${tag}>
            ${tag}<button type="button" aria-label=${`Remove the tag ${tag}`} onClick=${() => change(run.tags.filter((other) => other !== tag))}>×</button>
          </li>`,
      )}
    </ul>
    ${adding
      ? html`<form onSubmit=${add}>
          <input ref=${(element) => { input.current = element; if (element && adding === true) { element.focus(); setAdding("open"); } }}
            aria-label="New tag" maxlength="60" size="14" placeholder="tag, then Enter"
            onKeyDown=${(event) => event.key === "Escape" && setAdding(false)} />
        </form>`
      : html`<button type="button" class="link" onClick=${() => setAdding(true)}>Add tag</button>`}
    ${error && html`<${ErrorBox} error=${error} />`}
  </div>`;
}

export function Note({ run, reload }) {
  const [text, setText] = useState(null); // null: not being edited
  const [error, setError] = useState(null);
  async function submit(event) {
    event.preventDefault();
    const problem = await save(run, { note: text }, reload);
    setError(problem);
    if (!problem) setText(null);
  }
  if (text === null) {
    return html`<div class="note">
      ${run.note ? html`<${Markdown} text=${run.note} />` : html`<p class="quiet">None yet.</p>`}
      <button type="button" onClick=${() => setText(run.note)}>${run.note ? "Edit" : "Write a note"}</button>
    </div>`;
  }
  return html`<form class="note" onSubmit=${submit}>
    <textarea aria-label="Note" aria-describedby="note-form" rows="8" maxlength="20000" value=${text}
      ref=${(element) => element && !element.dataset.seen && ((element.dataset.seen = "1"), element.focus())}
      onInput=${(event) => setText(event.currentTarget.value)}
      onKeyDown=${(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && submit(event)}></textarea>
    <p id="note-form" class="quiet small">Markdown: **bold**, \`code\`, [link](https://…), lists, tables.</p>
    ${error && html`<${ErrorBox} error=${error} />`}
    <div class="row">
      <button type="submit" class="primary">Save</button>
      <button type="button" onClick=${() => setText(null)}>Cancel</button>
    </div>
  </form>`;
}

// Takes the run out of lists, or puts it back.
export function Archive({ run, reload }) {
  const [error, setError] = useState(null);
  const change = async () => setError(await save(run, { archived: !run.archived }, reload));
  return html`<button type="button" onClick=${change}>${run.archived ? "Unarchive" : "Archive"}</button>
    ${error && html`<${ErrorBox} error=${error} />`}`;
}
