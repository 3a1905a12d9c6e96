// Links from a run to its comparison with the runs that somebody asks about first.
import { html } from "../lib.js";
import { runApi, useLive } from "../api.js";
import { compareAddress } from "../router.js";
import { usePinned } from "../pinned.js";

const SECONDS = 30;

export function CompareWith({ run }) {
  const { data } = useLive(runApi(run.id, "/beside"), SECONDS);
  const pinned = usePinned(run.model);
  const beside = (id) => `/compare?runs=${encodeURIComponent(id)},${encodeURIComponent(run.id)}`;
  const links = [
    ["production", data?.production, "what serves now"],
    ["the previous run", data?.previous, "the run of this model before"],
    ["the baseline", pinned, "the run that is pinned as the baseline"],
  ].filter(([, id]) => id && id !== run.id);
  return html`<details class="menu" data-testid="compare-with">
    <summary>Compare with …</summary>
    <div class="menu-body links">
      ${links.map(([name, id, hint]) => html`<a key=${name} href=${beside(id)} title=${`${hint}: ${id}`}>${name}</a>`)}
      <a href=${compareAddress([run.id])}>another run …</a>
    </div>
  </details>`;
}
