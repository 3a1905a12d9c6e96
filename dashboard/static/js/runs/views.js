// Saved views: a name for what the list shows now, which all who look at these runs have.
import { html, useState } from "../lib.js";
import { ask, useLive } from "../api.js";
import { ErrorBox } from "../parts/basic.js";
import { Menu } from "../parts/menu.js";

const KEPT = ["text", "where", "sort", "columns", "archived", "rows"];

function queryOf(params) {
  const kept = new URLSearchParams(KEPT.filter((name) => params.get(name)).map((name) => [name, params.get(name)]));
  kept.sort();
  return kept.toString();
}

export function Views({ params }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [problem, setProblem] = useState(null);
  const { data, error, reload } = useLive(open ? "/api/views" : null, 30);
  async function change(method, view, body) {
    try {
      const headers = { "Content-Type": "application/json" };
      await ask(`/api/views/${encodeURIComponent(view)}`, { method, headers, body });
      setProblem(null);
      setName("");
    } catch (failed) {
      setProblem(failed.told ?? { headline: "The view was not saved", detail: "Is the server still running?" });
    }
    reload();
  }
  function save(event) {
    event.preventDefault();
    if (name.trim()) change("PUT", name.trim(), JSON.stringify({ query: queryOf(params) }));
  }
  const here = queryOf(params);
  return html`<${Menu} title="Views" testid="views" onToggle=${setOpen}>
    ${(problem || error) && html`<${ErrorBox} error=${problem ?? error} />`}
    ${data?.views.length === 0 && html`<p class="quiet">None is saved yet.</p>`}
    <ul class="plain">
      ${data?.views.map(
        (view) => html`<li key=${view.name} class="row">
          <a href=${`/?${view.query}`} aria-current=${view.query === here ? "true" : null}>${view.name}</a>
          <button type="button" class="link" onClick=${() => change("DELETE", view.name)} aria-label=${`Remove the view ${view.name}`}>Remove</button>
        </li>`,
      )}
    </ul>
    <form class="row" onSubmit=${save}>
      <label class="field"><span>Save as</span><input value=${name} maxlength="60" onInput=${(event) => setName(event.currentTarget.value)} placeholder="a name for this view" autocomplete="off" /></label>
      <button type="submit">Save</button>
    </form>
  <//>`;
}
