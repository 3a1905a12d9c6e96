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

// A metric, as in pipeline/show/formatting.py: four decimals, so that columns align, or whole if it
// counts rows; beside `limits`, as many digits as show on which side of them it is.
export function metric(value, name = "", ...limits) {
  if (typeof value !== "number") return "";
  if (counts(value, name)) return WHOLE.format(value);
  let text = Math.abs(value) < 1e4 ? value.toFixed(4) : number(value);
  const told = limits.filter((limit) => typeof limit === "number");
  const onItsSide = (shown) => told.every((limit) => Math.sign(value - limit) === Math.sign(shown - limit));
  for (let digits = 5; digits < 18 && !onItsSide(Number(text.replaceAll(",", ""))); digits += 1) text = value.toPrecision(digits);
  return text;
}

// A signed difference of two values of a metric; "=" where four decimals do not show any.
export function signed(difference, name = "") {
  if (typeof difference !== "number") return "";
  const text = counts(difference, name) ? WHOLE.format(Math.abs(difference)) : metric(Math.abs(difference));
  return Number(text) === 0 ? "=" : `${difference < 0 ? "−" : "+"}${text}`;
}

function counts(value, name) {
  return name.endsWith("Count") && Number.isInteger(value);
}

export function percent(share) {
  if (typeof share !== "number" || !Number.isFinite(share)) return "";
  if (share === 0 || share === 1) return `${share * 100} %`;
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  return share > 0.9995 && share < 1 ? "> 99.9 %" : `${(share * 100).toFixed(1)} %`;
}

// Any value of a record: a number as above, a text as it is, the rest as JSON.
export function anything(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return number(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

// A running clock: whole seconds.
export function clock(seconds) {
  return seconds < 60 ? `${Math.floor(Math.max(seconds, 0))} s` : duration(Math.floor(seconds));
}

export function duration(seconds) {
  if (typeof seconds !== "number") return "";
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
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

// Whether a record's value is a file in base 64, so that an address can be made of it.
export function isBase64(value) {
  return typeof value === "string" && value !== "" && /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value);
}
