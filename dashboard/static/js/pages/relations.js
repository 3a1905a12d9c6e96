// How hyperparameters and outcomes are related, over the runs that pass a filter or the trials of one search.
import { html, useEffect } from "../lib.js";
import { useLive } from "../api.js";
import { ErrorBox, Loading, RunLink } from "../parts/basic.js";
import { setParams } from "../router.js";
import { Filters } from "../runs/filters.js";
import * as format from "../format.js";
import { Groups } from "../relations/groups.js";
import { Importance } from "../relations/importance.js";
import { Parallel } from "../relations/parallel.js";
import { Rows } from "../relations/rows.js";
import { Scatter } from "../relations/scatter.js";
import { outcomesOf, tableOf } from "../relations/table.js";

const SECONDS = 10;

export function RelationsPage({ params }) {
  const run = params.get("run");
  const asked = new URLSearchParams();
  for (const name of run ? ["run"] : ["text", "where"]) {
    if (params.get(name)) asked.set(name, params.get(name));
  }
  const { data, error } = useLive(`/api/relations?${asked}`, SECONDS);
  useEffect(() => {
    document.title = run ? `Relations · ${run}` : "Relations";
  }, [run]);
  return html`<div class="page-head">
      <h1>Relations</h1>
      ${data && html`<p class="quiet" role="status" data-testid="count">${counted(data, run)}</p>`}
    </div>
    ${run
      ? html`<p>The trials of the search of <${RunLink} id=${run} params="?tab=training" />. <a href="/relations">All runs</a></p>${error && html`<${ErrorBox} error=${error} />`}`
      : html`<${Filters} params=${params} error=${error} runs=${[]} />`}
    ${!data && !error && html`<${Loading} />`}
    ${data && html`<${Related} data=${data} asked=${asked} params=${params} of=${run ? "trial" : "run"} />`}`;
}

function counted(data, run) {
  const text = format.plural(data.names.length, run ? "trial" : "run");
  const more = data.left_out > 0 ? `, the latest of ${format.number(data.names.length + data.left_out)}` : "";
  return `${text}${more}${data.complete ? "" : ", reading …"}`;
}

function Related({ data, asked, params, of }) {
  const table = tableOf(data);
  const outcomes = outcomesOf(table);
  if (outcomes.length === 0) return html`<p class="quiet">No ${of} here has an outcome yet: a metric, a score or a duration.</p>`;
  const outcome = outcomes.find((column) => column.key === params.get("of")) ?? outcomes[0];
  return html`<label class="row">What is to be explained
      <select value=${outcome.key} onChange=${(event) => setParams({ of: event.currentTarget.value })}>
        ${outcomes.map((column) => html`<option key=${column.key} value=${column.key}>${column.title}</option>`)}
      </select>
    </label>
    <${Importance} asked=${asked} outcome=${outcome} table=${table} of=${of} />
    <div class="related">
      <${Scatter} table=${table} outcome=${outcome} params=${params} of=${of} />
      <${Groups} table=${table} outcome=${outcome} params=${params} of=${of} />
    </div>
    <${Parallel} table=${table} outcome=${outcome} of=${of} />
    <${Rows} table=${table} outcome=${outcome} asked=${asked} params=${params} of=${of} />`;
}
