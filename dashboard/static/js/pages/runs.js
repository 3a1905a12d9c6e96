// The list of runs: what is asked for is in the address.
import { html, useEffect } from "../lib.js";
import { useLive } from "../api.js";
import { Loading } from "../parts/basic.js";
import { setParams } from "../router.js";
import * as format from "../format.js";
import { Filters } from "../runs/filters.js";
import { RunsTable } from "../runs/table.js";
import { ColumnPicker, chosenColumns, useRememberedColumns } from "../runs/columns.js";
import { Selection } from "../runs/selection.js";
import { NoRuns } from "../runs/no_runs.js";
import { Pager } from "../runs/pager.js";
import { Sources } from "../runs/sources.js";

const PAGE = 50;

function address(params) {
  const asked = new URLSearchParams({ limit: PAGE });
  for (const name of ["text", "where", "sort"]) {
    if (params.get(name)) asked.set(name, params.get(name));
  }
  asked.set("offset", (pageNumber(params) - 1) * PAGE);
  return `/api/runs?${asked}`;
}

function pageNumber(params) {
  return Math.max(Number.parseInt(params.get("page") ?? "1", 10) || 1, 1);
}

export function RunsPage({ params }) {
  const { data, error } = useLive(address(params));
  useRememberedColumns(params);
  useEffect(() => {
    document.title = data?.running ? `${data.running} running · Runs` : "Runs";
  }, [data?.running]);
  if (!data) {
    return html`<h1>Runs</h1>
      ${error ? html`<${Filters} params=${params} error=${error} />` : html`<${Loading} />`}`;
  }
  if (data.total === 0 && data.scan.complete) {
    return html`<${Sources} sources=${data.sources} /><${NoRuns} folder=${data.folder} />`;
  }
  const columns = chosenColumns(params, data.columns);
  const selected = (params.get("selected") ?? "").split(",").filter(Boolean);
  const select = (ids) => setParams({ selected: ids.join(",") }, { replace: true });
  return html`<div class="page-head">
      <h1>Runs</h1>
      <p class="quiet" role="status" data-testid="count">
        ${counted(data)}${!data.scan.complete && `, reading ${format.plural(data.scan.folders, "run folder")} …`}
      </p>
      <${ColumnPicker} available=${data.columns} chosen=${columns} />
    </div>
    <${Sources} sources=${data.sources} />
    <${Filters} params=${params} error=${error} />
    ${error && html`<p class="quiet">Shown are the runs of the last filter that could be read.</p>`}
    <${RunsTable} runs=${data.runs} columns=${columns} sort=${params.get("sort") || "-started"}
      selected=${selected} onSelect=${select} />
    ${data.matching === 0 && html`<p class="quiet">No run passes. <a href="/">Show all</a></p>`}
    <${Pager} page=${pageNumber(params)} pages=${Math.ceil(data.matching / PAGE)} />
    <${Selection} selected=${selected} onSelect=${select} />`;
}

function counted(data) {
  const all = format.plural(data.total, "run");
  const shown = data.matching === data.total ? all : `${format.number(data.matching)} of ${all}`;
  return data.running ? `${shown}, ${data.running} running` : shown;
}
