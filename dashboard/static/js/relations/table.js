// The table that the server gave, with a column's values by its key.
import { runAddress } from "../router.js";

export function tableOf({ columns, names, rows }) {
  const places = new Map(columns.map((column, place) => [column.key, place]));
  return {
    names,
    rows,
    columns,
    column: (key) => columns[places.get(key)] ?? null,
    value: (row, key) => (places.has(key) ? row[places.get(key)] : null),
  };
}

// What may be explained, the metrics that most rows have first; counts of rows explain nothing.
export function outcomesOf(table) {
  const having = (column) => table.rows.filter((row) => typeof table.value(row, column.key) === "number").length;
  const differs = (column) => new Set(table.rows.map((row) => table.value(row, column.key)).filter((value) => value !== null)).size > 1;
  return table.columns
    .filter((column) => column.role === "outcome" && column.numeric && column.title !== "ExampleCount" && having(column) > 0)
    .sort((a, b) => differs(b) - differs(a) || (a.key === "duration") - (b.key === "duration") || having(b) - having(a));
}

// Columns whose values differ from row to row.
export function differing(table, columns = table.columns) {
  return columns.filter((column) => new Set(table.rows.map((row) => table.value(row, column.key)).filter((value) => value !== null)).size > 1);
}

export function rowAddress(name, of) {
  return of === "run" ? runAddress(name) : null;
}
