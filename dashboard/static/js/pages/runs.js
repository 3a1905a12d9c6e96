// The list of runs: what is asked for is in the address.
import { html, useEffect } from "../lib.js";
import { useLive } from "../api.js";
import { Loading } from "../parts/basic.js";
import { setParams, withParams } from "../router.js";
import * as format from "../format.js";
import { Filters } from "../runs/filters.js";
import { RunsTable } from "../runs/table.js";
import { ColumnPicker, askedColumns, chosenColumns, useRememberedColumns } from "../runs/columns.js";
import { Selection } from "../runs/selection.js";
import { NoRuns } from "../runs/no_runs.js";
import { Pager, pageNumber } from "../runs/pager.js";
import { Sources } from "../runs/sources.js";
import { Views } from "../runs/views.js";

const SIZES = [50, 100, 200, 500];

function pageSize(params) {
  return SIZES.find((size) => String(size) === params.get("rows")) ?? SIZES[0];
}

function address(params) {
  const size = pageSize(params);
  const asked = new URLSearchParams({ limit: size, offset: (pageNumber(params) - 1) * size });
  for (const name of ["text", "where", "sort", "archived"]) {
    if (params.get(name)) asked.set(name, params.get(name));
  }
  for (const column of askedColumns(params)) asked.append("column", column);
  return `/api/runs?${asked}`;
}

export function RunsPage({ params }) {
  const { data, error, reload } = useLive(address(params));
  useRememberedColumns(params);
  useEffect(() => {
    document.title = data?.running ? `${data.running} running · Runs` : "Runs";
  }, [data?.running]);
  if (!data) {
    return html`<h1>Runs</h1>
      ${error ? html`<${Filters} params=${params} error=${error} runs=${[]} /><p><a href="/">Show all runs</a></p>` : html`<${Loading} />`}`;
  }
  if (data.total + data.archived === 0 && data.scan.complete) {
    return html`<${Sources} sources=${data.sources} /><${NoRuns} folder=${data.folder} />`;
  }
  const columns = chosenColumns(params, data.runs);
  const selected = (params.get("selected") ?? "").split(",").filter(Boolean);
  const select = (ids) => setParams({ selected: ids.join(",") }, { replace: true });
  const [page, size] = [pageNumber(params), pageSize(params)];
  const pages = Math.ceil(data.matching / size);
  return html`<div class="page-head">
      <h1>Runs</h1>
      <p class="quiet" role="status" data-testid="count">
        ${counted(data)}${!data.scan.complete && `, reading ${format.plural(data.scan.folders, "run folder")} …`}
      </p>
      <div class="actions">
        <${Archived} data=${data} params=${params} />
        <${Views} params=${params} />
        <${ColumnPicker} available=${data.columns} chosen=${columns} />
      </div>
    </div>
    <${Sources} sources=${data.sources} />
    <${Filters} params=${params} error=${error} columns=${data.columns} runs=${data.runs} />
    ${error && html`<p class="quiet">Shown are the runs of the last filter that could be read. <a href="/">Show all runs</a></p>`}
    <${RunsTable} runs=${data.runs} columns=${columns} sort=${params.get("sort") || "-started"}
      selected=${selected} onSelect=${select} />
    ${data.matching === 0 && html`<p class="quiet">No run passes. <a href="/">Show all runs</a></p>`}
    ${data.matching > 0 && page > pages && html`<p data-testid="no-page">There is no page ${page}. <a href=${withParams({ page: pages === 1 ? null : pages })}>The last page</a></p>`}
    ${page <= pages && html`<${Pager} page=${page} pages=${pages}>${data.matching > SIZES[0] && html`<${Size} size=${size} />`}<//>`}
    <${Selection} selected=${selected} onSelect=${select} reload=${reload} />`;
}

function Archived({ data, params }) {
  const shown = params.get("archived") === "1";
  if (!shown && data.archived === 0) return null;
  return html`<label class="row"><input type="checkbox" checked=${shown} onChange=${(event) => setParams({ archived: event.currentTarget.checked ? "1" : null, page: null })} />
    Show archived${shown ? "" : ` (${format.number(data.archived)})`}</label>`;
}

function Size({ size }) {
  return html`<label>Rows
    <select value=${size} onChange=${(event) => setParams({ rows: event.currentTarget.value === String(SIZES[0]) ? null : event.currentTarget.value, page: null })}>
      ${SIZES.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
    </select></label>`;
}

function counted(data) {
  const all = format.plural(data.total, "run");
  const shown = data.matching === data.total ? all : `${format.number(data.matching)} of ${all}`;
  return data.running ? `${shown}, ${data.running} running` : shown;
}
