// Numbers, times and sizes as a person reads them. What is not known is an empty text.

const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

export function number(value) {
  if (typeof value !== "number") return "";
  if (Number.isInteger(value)) return WHOLE.format(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2).replace("e-", "e−").replace("e+", "e");
  if (size >= 1000) return WHOLE.format(value);
  return String(Number(value.toPrecision(4)));
}

// A metric: four decimals, so that columns align.
export function metric(value) {
  if (typeof value !== "number") return "";
  const size = Math.abs(value);
  return Number.isInteger(value) && size >= 10 ? WHOLE.format(value) : size < 1000 ? value.toFixed(4) : number(value);
}

export function signed(value) {
  if (typeof value !== "number") return "";
  const text = metric(Math.abs(value));
  return `${value < 0 ? "−" : "+"}${text}`;
}

export function percent(share) {
  if (typeof share !== "number" || !Number.isFinite(share)) return "";
  const value = share * 100;
  return `${value === 0 || value >= 10 ? value.toFixed(0) : value.toFixed(1)} %`;
}

// Any value of a record: a number as above, a text as it is, the rest as JSON.
export function anything(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return number(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

// A running clock: whole seconds.
export function clock(seconds) {
  return seconds < 10 ? `${Math.floor(Math.max(seconds, 0))} s` : duration(Math.floor(seconds));
}

export function duration(seconds) {
  if (typeof seconds !== "number") return "";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (part) => String(part).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

export function time(seconds) {
  if (typeof seconds !== "number") return "";
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "";
  const year = date.getFullYear() === new Date().getFullYear() ? "" : ` ${date.getFullYear()}`;
  return DATE.format(date).replace(",", `${year}`);
}

export function fullTime(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "" : FULL.format(date);
}

export function isoTime(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

export function bytes(size) {
  if (size < 1000) return `${size} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = size;
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

export function short(hash) {
  return typeof hash === "string" ? hash.slice(0, 8) : "";
}

export function plural(count, one, many = `${one}s`) {
  return `${WHOLE.format(count)} ${count === 1 ? one : many}`;
}
