// Which part of a chart is shown, kept in the address: `zoom=<chart>:<from>:<to>`, several with commas.
import { setParams } from "../router.js";

function key(chart) {
  return encodeURIComponent(chart.toWellFormed?.() ?? chart);
}

function parts(params) {
  return (params.get("zoom") ?? "").split(",").filter(Boolean).map((part) => part.split(":"));
}

// The ends of what is shown of a chart's x axis; null where all of it is.
export function zoomOf(params, chart) {
  const [, from, to] = parts(params).find(([name]) => name === key(chart)) ?? [];
  const [min, max] = [Number(from), Number(to)];
  return from && to && Number.isFinite(min) && Number.isFinite(max) && min < max ? { min, max } : null;
}

// Shows the part between two values of x, or with null all of the chart.
export function setZoom(params, chart, zoom) {
  const others = parts(params).filter(([name]) => name !== key(chart));
  const rounded = (value) => String(Number(value.toPrecision(10)));
  const all = zoom === null ? others : [...others, [key(chart), rounded(zoom.min), rounded(zoom.max)]];
  setParams({ zoom: all.map((part) => part.join(":")).join(",") }, { replace: true });
}
