// The rows with all of their values, sorted by any column, and as CSV.
import { html } from "../lib.js";
import { RunLink, Scroll, Status, Time } from "../parts/basic.js";
import { SortHeader } from "../parts/sort_header.js";
import { withParams } from "../router.js";
import * as format from "../format.js";

const SHOWN = 100;

export function Rows({ table, outcome, asked, params, of }) {
  const sort = params.get("sort") ?? `-${outcome.key}`;
  const key = sort.replace(/^-/, "");
  const direction = sort.startsWith("-") ? -1 : 1;
  const columns = table.columns.filter((column) => !["commit", "dataset"].includes(column.key));
  const rows = table.rows.map((row, place) => [table.names[place], row]);
  const valueOf = ([name, row]) => (key === "name" ? name : table.value(row, key));
  rows.sort((a, b) => inOrder(valueOf(a), valueOf(b), direction));
  const address = (next) => withParams({ sort: next });
  return html`<section>
    <h2 id="rows">All ${of}s</h2>
    <p><a class="button" href=${`/api/relations.csv?${asked}`} download>Take as CSV</a></p>
    <${Scroll} label=${`All ${of}s`} class="all-rows">
      <table data-testid="relation-rows">
        <thead>
          <tr>
            <${SortHeader} column="name" title=${of} sort=${sort} address=${address} />
            ${columns.map((column) => html`<${SortHeader} key=${column.key} column=${column.key} title=${column.title} sort=${sort} address=${address} class=${column.numeric ? "number" : ""} descendingFirst=${column.numeric} />`)}
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, SHOWN).map(
            ([name, row]) => html`<tr key=${name}>
              <th scope="row" class="nowrap">${of === "run" ? html`<${RunLink} id=${name} />` : name}</th>
              ${columns.map((column) => html`<td key=${column.key} class=${column.numeric ? "number nowrap" : ""}>${cell(column, table.value(row, column.key))}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    <//>
    ${rows.length > SHOWN && html`<p class="quiet">The first ${SHOWN} of ${format.number(rows.length)}; the CSV file has all.</p>`}
  </section>`;
}

function cell(column, value) {
  if (column.key === "started") return html`<${Time} at=${value} />`;
  if (column.key === "status") return html`<${Status} status=${value} />`;
  if (column.key === "version") return value ?? "";
  return column.key.startsWith("metrics.") ? format.metric(value, column.title) : format.anything(value);
}

// What is not known comes last, whichever way.
function inOrder(a, b, direction) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return (a - b) * direction;
  return (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0) * direction;
}
