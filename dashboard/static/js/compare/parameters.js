// Fields, hyperparameters, metrics and config of the runs, with differences marked.
import { html } from "../lib.js";
import { Duration, RunLink, Scroll, Status, Time } from "../parts/basic.js";
import { setParams } from "../router.js";
import { flat, isObject } from "../parts/trees.js";
import { Change } from "../parts/change.js";
import { Swatch } from "../parts/series.js";
import * as format from "../format.js";

export function Parameters({ runs, params }) {
  const only = params.get("only") === "differences";
  const groups = [
    ["Run", facts(runs)],
    ["Metrics on all rows", metrics(runs)],
    ["Hyperparameters", rowsOf(runs, (one) => one.run.hyperparameters)],
    ["Config", rowsOf(runs, (one) => Object.fromEntries(flat(isObject(one.record.config) ? one.record.config : {})))],
    ["Environment", rowsOf(runs, (one) => (isObject(one.record.environment) ? one.record.environment : {}))],
  ];
  return html`<label class="row">
      <input type="checkbox" checked=${only} onChange=${(event) => setParams({ only: event.currentTarget.checked ? "differences" : null })} /> Only what differs
    </label>
    <${Scroll} label="Parameters and metrics">
      <table class="compare" data-testid="compare">
        <thead>
          <tr><th>Name</th><th><span class="hidden">Differs</span></th>
            ${runs.map((one, index) => html`<th key=${one.id} scope="col"><${Swatch} index=${index} /> <${RunLink} id=${one.id} /></th>`)}
          </tr>
        </thead>
        ${groups.map(([title, rows]) => html`<${Group} key=${title} title=${title} rows=${only ? rows.filter((row) => row.differs) : rows} count=${runs.length} only=${only} />`)}
      </table>
    <//>`;
}

function Group({ title, rows, count, only }) {
  if (rows.length === 0 && !only) return null;
  return html`<tbody>
    <tr class="group"><th scope="rowgroup" colspan=${count + 2}>${title}</th></tr>
    ${rows.length === 0 && html`<tr><td class="quiet" colspan=${count + 2}>No difference.</td></tr>`}
    ${rows.map(
      (row) => html`<tr key=${row.name} class=${row.differs ? "differs" : ""}>
        <th scope="row">${row.name}</th>
        <td>${row.differs && html`<span title="differs"><span aria-hidden="true">≠</span><span class="hidden">differs</span></span>`}</td>
        ${row.cells.map((cell, index) => html`<td key=${index}>${cell}</td>`)}
      </tr>`,
    )}
  </tbody>`;
}

// A row for each name that any of the runs has a value for.
function rowsOf(runs, tree, show = format.anything) {
  const trees = runs.map(tree);
  const names = [...new Set(trees.flatMap((one) => Object.keys(one)))].filter((name) => trees.some((one) => !isEmpty(one[name])));
  return names.map((name) => {
    const values = trees.map((one) => one[name]);
    return { name, differs: differ(values), cells: values.map((value) => (value === undefined ? html`<span class="quiet">–</span>` : show(value, name))) };
  });
}

function isEmpty(value) {
  return value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
}

function metrics(runs) {
  const rows = rowsOf(runs, (one) => one.run.metrics, format.metric);
  return rows.map((row) => {
    const values = runs.map((one) => one.run.metrics[row.name]);
    const cells = row.cells.map((cell, index) => {
      const both = index > 0 && typeof values[0] === "number" && typeof values[index] === "number";
      return both && values[index] !== values[0] ? html`${cell} <${Change} value=${values[index]} before=${values[0]} name=${row.name} config=${runs[0].record.config} />` : cell;
    });
    return { ...row, cells };
  });
}

function facts(runs) {
  const row = (name, value, show = (one) => value(one)) => ({ name, differs: differ(runs.map((one) => value(one.run))), cells: runs.map((one) => show(one.run)) });
  return [
    row("status", (run) => run.status, (run) => html`<${Status} status=${run.status} />`),
    row("model", (run) => run.model),
    { ...row("started", () => "", (run) => html`<${Time} at=${run.started} />`), differs: false },
    { ...row("duration", () => "", (run) => html`<${Duration} run=${run} />`), differs: false },
    row("commit", (run) => `${run.commit}${run.dirty}`, (run) => html`<code>${format.short(run.commit)}</code>${run.dirty && html`<span class="dirty">${" + changes"}</span>`}`),
    row("data", (run) => run.dataset, (run) => html`<code>${format.short(run.dataset)}</code>`),
    row("blessed", (run) => run.blessed, (run) => (run.blessed === null ? "" : run.blessed ? "yes" : "no")),
    row("pushed version", (run) => run.pushed_version, (run) => run.pushed_version ?? ""),
    row("tags", (run) => run.tags.join(", ")),
  ];
}

function differ(values) {
  const [first, ...others] = values.map((value) => JSON.stringify(value));
  return others.some((value) => value !== first);
}
