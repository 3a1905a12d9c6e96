// One row a run.
import { html } from "../lib.js";
import { Duration, Hash, RunLink, Scroll, Status, Time } from "../parts/basic.js";
import { withParams } from "../router.js";
import { SortHeader } from "../parts/sort_header.js";
import * as format from "../format.js";
import { partsOf } from "./columns.js";

function sortAddress(sort) {
  return withParams({ sort: sort === "-started" ? null : sort, page: null });
}

function Cell({ run, column }) {
  const [group, name] = partsOf(column);
  const value = run[group]?.[name] ?? run.values?.[column];
  const metric = name.slice(name.lastIndexOf(".") + 1);
  if (group === "metrics" || group === "slices") return html`<td class="number">${format.metric(value, group === "slices" ? metric : name)}</td>`;
  return html`<td class=${typeof value === "number" ? "number" : ""}>${format.anything(value)}</td>`;
}

function Row({ run, columns, checked, onCheck }) {
  return html`<tr data-testid="run-row" data-run=${run.id} class=${checked ? "selected" : ""}>
    <th scope="row" class="run-cell">
      <div>
        <input type="checkbox" checked=${checked} onChange=${onCheck} aria-label=${`Select ${run.id}`} />
        <${RunLink} id=${run.id} />${run.archived && html`<span class="quiet">archived</span>`}
      </div>
      ${run.tags.length > 0 &&
      html`<ul class="tags" aria-label="Tags">${run.tags.map((tag) => html`<li key=${tag}>${tag}</li>`)}</ul>`}
    </th>
    <td class="status-cell">
      <${Status} status=${run.status} />
      ${run.status === "running" && run.nodes > 0 &&
      html`<span class="quiet progress">${run.nodes_over}/${run.nodes} ${run.node}</span>`}
      ${run.problem && html`<span class="problem" title=${run.problem}>${run.problem}</span>`}
    </td>
    <td>${run.model}</td>
    <td class="nowrap"><${Time} at=${run.started} /></td>
    <td class="number nowrap"><${Duration} run=${run} /></td>
    ${columns.map((column) => html`<${Cell} key=${column} run=${run} column=${column} />`)}
    <td class="number">${run.pushed_version ?? ""}</td>
    <td class="nowrap">
      <${Hash} hash=${run.commit} label="Commit" />${run.dirty &&
      html`<span class="dirty" title="With changes that were not committed"> + changes</span>`}
    </td>
    <td><${Hash} hash=${run.dataset} label="Content hash of the data" /></td>
  </tr>`;
}

export function RunsTable({ runs, columns, sort, selected, onSelect }) {
  const header = (column, title, extra) =>
    html`<${SortHeader} column=${column} title=${title} sort=${sort} address=${sortAddress} ...${extra} />`;
  function check(id) {
    onSelect(selected.includes(id) ? selected.filter((other) => other !== id) : [...selected, id]);
  }
  return html`<${Scroll} label="Runs" class="runs">
    <table data-testid="runs">
      <thead>
        <tr>
          ${header("id", "Run", { class: "run-cell" })} ${header("status", "Status")} ${header("model", "Model")}
          ${header("started", "Started", { descendingFirst: true })}
          ${header("duration", "Took", { class: "number", descendingFirst: true })}
          ${columns.map((column) => {
            const [group, name] = partsOf(column);
            return header(column, name, { class: group ? "number" : "", descendingFirst: true, hint: group || "field" });
          })}
          ${header("version", "Version", { class: "number", descendingFirst: true })} ${header("commit", "Commit")}
          ${header("dataset", "Data")}
        </tr>
      </thead>
      <tbody>
        ${runs.map(
          (run) =>
            html`<${Row} key=${run.id} run=${run} columns=${columns} checked=${selected.includes(run.id)}
              onCheck=${() => check(run.id)} />`,
        )}
      </tbody>
    </table>
  <//>`;
}
