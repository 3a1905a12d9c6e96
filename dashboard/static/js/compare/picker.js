// Which runs are compared: each with its colour; add, remove, and put first.
import { html, useState } from "../lib.js";
import { ask } from "../api.js";
import { RunLink, Status } from "../parts/basic.js";
import { navigate } from "../router.js";
import { Swatch } from "../parts/series.js";
import { pin, usePinned } from "../pinned.js";

export function Picker({ ids, runs, problems }) {
  function choose(next) {
    const params = new URLSearchParams(location.search);
    params.delete("runs");
    const list = next.map(encodeURIComponent).join(",");
    const rest = params.toString();
    navigate(`/compare?runs=${list}${rest ? `&${rest}` : ""}`);
  }
  return html`<ol class="compared" aria-label="Compared runs">
      ${ids.map((id, index) => {
        const run = runs.find((one) => one.id === id)?.run;
        return html`<li key=${id}>
          <${Swatch} index=${index} />
          <${RunLink} id=${id} />
          ${run && html`<${Status} status=${run.status} />`}
          ${problems.has(id) && html`<span class="bad-text">${problems.get(id)}</span>`}
          ${index === 0
            ? html`<span class="quiet">reference</span>${run && html`<${Pin} run=${run} />`}`
            : html`<button type="button" class="link" onClick=${() => choose([id, ...ids.filter((other) => other !== id)])} aria-label=${`Make reference: ${id}`}>Make reference</button>`}
          <button type="button" class="link" onClick=${() => choose(ids.filter((other) => other !== id))} aria-label=${`Remove ${id}`}>Remove</button>
        </li>`;
      })}
    </ol>
    <${Add} ids=${ids} onAdd=${(id) => choose([...ids, id])} />`;
}

// The reference as the one that comparisons of its model begin with from now on, in this browser.
function Pin({ run }) {
  const pinned = usePinned(run.model) === run.id;
  return html`<button type="button" class="link" aria-pressed=${pinned} onClick=${() => pin(run.model, pinned ? null : run.id)}>
    ${pinned ? "Unpin baseline" : "Pin as baseline"}
  </button>`;
}

// A field that offers the latest runs that have what was typed.
function Add({ ids, onAdd }) {
  const [text, setText] = useState("");
  const [offered, setOffered] = useState([]);
  async function offer(typed) {
    try {
      const { content } = await ask(`/api/runs?limit=20&text=${encodeURIComponent(typed)}`);
      setOffered(content.runs.map((run) => run.id).filter((id) => !ids.includes(id)));
    } catch {
      setOffered([]);
    }
  }
  function onInput(event) {
    const typed = event.currentTarget.value;
    setText(typed);
    if (offered.includes(typed)) add(typed);
    else offer(typed);
  }
  function add(id) {
    setText("");
    setOffered([]);
    if (id.trim()) onAdd(id.trim());
  }
  return html`<form class="row" onSubmit=${(event) => { event.preventDefault(); add(offered.length === 1 ? offered[0] : text); }}>
    <label class="field"><span>Add a run</span>
      <input list="offered" value=${text} onFocus=${() => offer(text)} onInput=${onInput} placeholder="its id, a model or a tag" autocomplete="off" spellcheck="false" />
    </label>
    <datalist id="offered">${offered.map((id) => html`<option key=${id} value=${id}></option>`)}</datalist>
    <button type="submit">Add</button>
  </form>`;
}
