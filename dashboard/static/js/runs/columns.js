// Which metrics and hyperparameters have a column. The choice is in the address, and remembered.
import { html, useEffect } from "../lib.js";
import { setParams } from "../router.js";

const KEY = "dashboard.query.columns";
const NONE = "none";
const BY_DEFAULT = 3;

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

// Puts the remembered choice into an address that has none, so that a copied link shows the same.
export function useRememberedColumns(params) {
  useEffect(() => {
    if (!params.has("columns") && remembered()) setParams({ columns: remembered() }, { replace: true });
  }, [params]);
}

// Pairs of group and name; without a choice the first metrics.
export function chosenColumns(params, available) {
  const given = params.get("columns");
  if (given === NONE) return [];
  if (given === null) {
    const metrics = available.metrics.filter((name) => name !== "ExampleCount");
    return metrics.slice(0, BY_DEFAULT).map((name) => ["metrics", name]);
  }
  return given.split(",").map((column) => {
    const dot = column.indexOf(".");
    return [column.slice(0, dot), decodeURIComponent(column.slice(dot + 1))];
  });
}

function choose(columns) {
  const text = columns.map(([group, name]) => `${group}.${encodeURIComponent(name)}`).join(",") || NONE;
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // It is in the address all the same.
  }
  setParams({ columns: text });
}

function Group({ group, title, names, chosen }) {
  const is = (name) => chosen.some(([a, b]) => a === group && b === name);
  function toggle(name) {
    choose(is(name) ? chosen.filter(([a, b]) => a !== group || b !== name) : [...chosen, [group, name]]);
  }
  if (names.length === 0) return null;
  return html`<fieldset>
    <legend>${title}</legend>
    ${names.map(
      (name) =>
        html`<label key=${name}>
          <input type="checkbox" checked=${is(name)} onChange=${() => toggle(name)} /> ${name}
        </label>`,
    )}
  </fieldset>`;
}

export function ColumnPicker({ available, chosen }) {
  return html`<details class="menu" data-testid="columns">
    <summary>Columns</summary>
    <div class="menu-body">
      <${Group} group="metrics" title="Metrics" names=${available.metrics} chosen=${chosen} />
      <${Group} group="hyperparameters" title="Hyperparameters" names=${available.hyperparameters} chosen=${chosen} />
    </div>
  </details>`;
}
