// Which values of runs have a column. The choice is in the address, and remembered.
import { html, useEffect, useState } from "../lib.js";
import { useLive } from "../api.js";
import { Menu } from "../parts/menu.js";
import { setParams } from "../router.js";

const KEY = "dashboard.query.columns";
const NONE = "none";
const BY_DEFAULT = 3;
const MOST_OFFERED = 60; // Of one group at a time; a part of a name finds the others.
const GROUPS = [
  ["metrics", "Metrics, all rows"],
  ["hyperparameters", "Hyperparameters"],
  ["slices", "Metrics of slices"],
  ["config", "Config"],
  ["rows", "Rows"],
];
const FIELDS = ["overrides", "note", "failure"]; // Those that have no column of their own.
const IN_EACH_ROW = ["metrics", "hyperparameters"];

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function remember(text) {
  try {
    if (text === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, text);
  } catch {
    // It is in the address all the same.
  }
}

// Puts the remembered choice into an address that has none, so that a copied link shows the same.
export function useRememberedColumns(params) {
  useEffect(() => {
    if (!params.has("columns") && remembered()) setParams({ columns: remembered() }, { replace: true });
  }, [params]);
}

// A column is named as in a filter: `metrics.AUC`, `config.training.epochs`, `overrides`. Its group is
// "" for a field.
export function partsOf(column) {
  const dot = column.indexOf(".");
  const group = column.slice(0, Math.max(dot, 0));
  return GROUPS.some(([known]) => known === group) ? [group, column.slice(dot + 1)] : ["", column];
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

// The names in the address that can be columns; null if it has no choice.
function given(params) {
  const text = params.get("columns");
  if (text === null) return null;
  const names = text === NONE ? [] : text.split(",").map(decoded);
  const known = (name) => FIELDS.includes(name) || (partsOf(name)[0] !== "" && partsOf(name)[1] !== "");
  return [...new Set(names.filter(known))];
}

// The chosen columns; without a choice the metrics that most of the shown runs have.
export function chosenColumns(params, runs) {
  const chosen = given(params);
  if (chosen !== null) return chosen;
  const counts = new Map();
  for (const name of runs.flatMap((run) => Object.keys(run.metrics))) counts.set(name, (counts.get(name) ?? 0) + 1);
  const usual = [...counts].filter(([name]) => !name.endsWith("Count")).sort(([, a], [, b]) => b - a);
  return usual.slice(0, BY_DEFAULT).map(([name]) => `metrics.${name}`);
}

// The chosen columns whose values rows have only if they are asked for.
export function askedColumns(params) {
  return (given(params) ?? []).filter((column) => !IN_EACH_ROW.includes(partsOf(column)[0]));
}

function choose(columns) {
  const text = columns.map(encodeURIComponent).join(",") || NONE;
  remember(text);
  setParams({ columns: text });
}

function Group({ title, columns, chosen, part }) {
  const found = columns.filter(([, name]) => name.toLowerCase().includes(part.toLowerCase()));
  if (found.length === 0) return null;
  function toggle(column) {
    choose(chosen.includes(column) ? chosen.filter((other) => other !== column) : [...chosen, column]);
  }
  return html`<fieldset>
    <legend>${title}</legend>
    ${found.slice(0, MOST_OFFERED).map(
      ([column, name]) =>
        html`<label key=${column}>
          <input type="checkbox" checked=${chosen.includes(column)} onChange=${() => toggle(column)} /> ${name}
        </label>`,
    )}
    ${found.length > MOST_OFFERED && html`<p class="quiet">${found.length - MOST_OFFERED} more</p>`}
  </fieldset>`;
}

export function ColumnPicker({ available, chosen }) {
  const [open, setOpen] = useState(false);
  const [part, setPart] = useState("");
  const { data } = useLive(open ? "/api/columns" : null, 60);
  const names = { ...available, ...data };
  function reset() {
    remember(null);
    setParams({ columns: null });
  }
  return html`<${Menu} title="Columns" testid="columns" onToggle=${setOpen}>
    <div class="row">
      <label class="field"><span>Find</span><input type="search" value=${part} onInput=${(event) => setPart(event.currentTarget.value)} placeholder="part of a name" /></label>
      <button type="button" onClick=${reset}>Usual columns</button>
    </div>
    <div class="groups">
      ${GROUPS.map(([group, title]) => html`<${Group} key=${group} title=${title} part=${part} chosen=${chosen} columns=${(names[group] ?? []).map((name) => [`${group}.${name}`, name])} />`)}
      <${Group} title="Fields" part=${part} chosen=${chosen} columns=${FIELDS.map((name) => [name, name])} />
    </div>
  <//>`;
}
