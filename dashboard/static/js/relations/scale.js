// Places on an axis for the values of a column: numbers on a scale, which is logarithmic where they span
// three powers of ten and more; words side by side.
import * as format from "../format.js";

const MOST_WORDS = 12;
const SPAN = 1000;

// Gives {at: value => 0 to 1 or null, ticks: [[place, text]], log}.
export function scaleOf(column, values) {
  const there = values.filter((value) => value !== null && value !== undefined);
  return column.numeric ? ofNumbers(column, there) : ofWords(there);
}

function ofNumbers(column, values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const log = low > 0 && high / low >= SPAN;
  const shape = log ? Math.log10 : (value) => value;
  const [from, to] = [shape(low), shape(high)];
  const margin = to > from ? (to - from) * 0.03 : Math.abs(to) || 1;
  const at = (value) => (typeof value === "number" && (!log || value > 0) ? (shape(value) - from + margin) / (to - from + 2 * margin) : null);
  const show = (value) => (column.key === "started" ? format.time(value) : column.key === "version" ? String(value) : format.number(value));
  const steps = high > low ? [low, log ? 10 ** ((from + to) / 2) : (low + high) / 2, high] : [low];
  const integers = values.every(Number.isInteger);
  const ticks = steps.map((value, place) => (integers && !log && place === 1 ? Math.round(value) : value)).map((value) => [at(value), show(value)]);
  return { at, ticks, log };
}

function ofWords(values) {
  const words = [...new Set(values.map(String))].sort();
  const at = (value) => (value === null || value === undefined ? null : (words.indexOf(String(value)) + 0.5) / words.length);
  const every = Math.ceil(words.length / MOST_WORDS);
  return { at, ticks: words.filter((_, place) => place % every === 0).map((word) => [at(word), shortened(word)]), log: false };
}

export function shortened(text, most = 14) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
