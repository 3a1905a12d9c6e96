// Links from a run to its comparison with the runs that somebody asks about first.
import { html } from "../lib.js";
import { runApi, useLive } from "../api.js";
import { compareAddress } from "../router.js";
import { usePinned } from "../pinned.js";

const SECONDS = 30;

export function CompareWith({ run }) {
  const { data } = useLive(runApi(run.id, "/beside"), SECONDS);
  const pinned = usePinned(run.model);
  const beside = (id, tab) => `/compare?runs=${encodeURIComponent(id)},${encodeURIComponent(run.id)}${tab ? `&tab=${tab}` : ""}`;
  const links = [
    ["production", data?.production, "the run of what serves now", ""],
    ["slices in production", data?.production, "the run of what serves now", "slices"],
    ["the previous run", data?.previous, "the run of this model before", ""],
    ["data of the previous run", data?.previous, "the run of this model before", "data"],
    ["code of the previous run", data?.previous, "the run of this model before", "code"],
    ["the pinned baseline", pinned, "the run that is pinned as the baseline", ""],
  ].filter(([, id]) => id && id !== run.id);
  return html`<details class="menu" data-testid="compare-with">
    <summary>Compare with …</summary>
    <div class="menu-body links">
      ${links.map(([name, id, hint, tab]) => html`<a key=${name} href=${beside(id, tab)} title=${`${hint}: ${id}`}>${name}</a>`)}
      <a href=${compareAddress([run.id])}>another run …</a>
    </div>
  </details>`;
}
