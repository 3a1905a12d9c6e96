// Places with runs that do not answer: since when what is shown is a copy.
import { html } from "../lib.js";
import * as format from "../format.js";

export function Sources({ sources = [] }) {
  return sources.filter((one) => !one.reached).map((one) => html`<p class="quiet" role="status"
      data-testid="source" key=${one.address}>
      ${one.address} cannot be read${one.since ? html`; shown are its runs as of ${" "}
        <time datetime=${new Date(one.since * 1000).toISOString()}>${format.time(one.since)}</time>` : ""}.
      ${" "}${one.problem}
    </p>`);
}
