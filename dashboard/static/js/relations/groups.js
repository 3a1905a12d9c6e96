// The outcome of the rows that have the same value of a column: how many, mean, spread, best and worst.
import { html } from "../lib.js";
import { Scroll } from "../parts/basic.js";
import { setParams } from "../router.js";
import * as format from "../format.js";
import { differing } from "./table.js";

const MOST_VALUES = 12;
const RANGES = 4;

export function Groups({ table, outcome, params, of }) {
  const by = differing(table).filter((column) => column.role !== "outcome" && column.key !== outcome.key);
  if (by.length === 0) return null;
  const chosen = by.find((column) => column.key === params.get("by")) ?? by[0];
  const groups = groupsOf(table, chosen, outcome);
  return html`<figure class="relation" data-testid="groups">
    <figcaption>${outcome.title} by ${chosen.title}</figcaption>
    <label class="row">Group by
      <select value=${chosen.key} onChange=${(event) => setParams({ by: event.currentTarget.value })}>
        ${by.map((column) => html`<option key=${column.key} value=${column.key}>${column.title}</option>`)}
      </select>
    </label>
    <${Scroll} label=${`${outcome.title} by ${chosen.title}`}>
      <table>
        <thead><tr><th scope="col">${chosen.title}</th><th scope="col" class="number">${of}s</th><th scope="col" class="number">Mean</th><th scope="col" class="number">Std</th><th scope="col" class="number">Least</th><th scope="col" class="number">Median</th><th scope="col" class="number">Most</th></tr></thead>
        <tbody>
          ${groups.map(
            ({ name, values }) => html`<tr key=${name}>
              <th scope="row" class="nowrap">${name}</th><td class="number">${values.length}</td>
              <td class="number">${format.number(mean(values))}</td><td class="number quiet">${format.number(deviation(values))}</td>
              <td class="number">${format.number(values[0])}</td><td class="number">${format.number(median(values))}</td><td class="number">${format.number(values.at(-1))}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    <//>
  </figure>`;
}

// Numbers of many values in ranges with about as many rows each; of words those with the most rows.
function groupsOf(table, column, outcome) {
  const pairs = table.rows
    .map((row) => [table.value(row, column.key), table.value(row, outcome.key)])
    .filter(([, value]) => typeof value === "number");
  const known = pairs.filter(([key]) => key !== null);
  const keys = [...new Set(known.map(([key]) => key))];
  const named = column.numeric && keys.length > MOST_VALUES ? inRanges(known) : byValue(known, keys);
  const unknown = pairs.filter(([key]) => key === null).map(([, value]) => value);
  const all = [...named, ...(unknown.length ? [{ name: "none", values: unknown }] : [])];
  return all.map(({ name, values }) => ({ name, values: values.sort((a, b) => a - b) }));
}

function byValue(pairs, keys) {
  const sorted = keys.sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1));
  const of = (key) => pairs.filter(([other]) => other === key).map(([, value]) => value);
  const groups = sorted.map((key) => ({ name: format.anything(key), values: of(key) }));
  const most = [...groups].sort((a, b) => b.values.length - a.values.length).slice(0, MOST_VALUES);
  const others = groups.filter((group) => !most.includes(group)).flatMap((group) => group.values);
  return [...groups.filter((group) => most.includes(group)), ...(others.length ? [{ name: "others", values: others }] : [])];
}

function inRanges(pairs) {
  const sorted = [...pairs].sort((a, b) => a[0] - b[0]);
  const size = sorted.length / RANGES;
  return Array.from({ length: RANGES }, (_, place) => sorted.slice(Math.round(place * size), Math.round((place + 1) * size)))
    .filter((part) => part.length > 0)
    .map((part) => ({ name: `${format.number(part[0][0])} to ${format.number(part.at(-1)[0])}`, values: part.map(([, value]) => value) }));
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const median = (values) => (values[Math.floor((values.length - 1) / 2)] + values[Math.ceil((values.length - 1) / 2)]) / 2;

function deviation(values) {
  if (values.length < 2) return null;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}
