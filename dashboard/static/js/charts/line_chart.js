// Lines over a common x axis: drag to zoom, double click to see all, hover to read values.
import { html, useEffect, useMemo, useRef, useState } from "../lib.js";
import uPlot from "../../vendor/uplot.js";
import * as format from "../format.js";
import { useRoute } from "../router.js";
import { smoothed } from "./smooth.js";
import { Values } from "./values.js";
import { setZoom, zoomOf } from "./zoom.js";

// `lines` are {label, color: 1 to 8, dashed, dash, thin, values: [[x, y], ...]}, `dash` a pattern of
// lengths in the place of the customary one; the line that the pointer is near stands out. `smooth` is 0 to below 1. With
// `xFormat` x is a time in seconds, which it puts into words.
export function LineChart({ title, lines, log = false, smooth = 0, height = 240, xLabel = "epoch", xFormat = null }) {
  const box = useRef(null);
  const chart = useRef(null);
  const { params } = useRoute();
  const zoom = zoomOf(params, title);
  const [at, setAt] = useState(null);
  const colors = useColors();
  const { xs, raw, data } = useMemo(() => table(lines, smooth), [lines, smooth]);
  const shape = JSON.stringify([lines.map((line) => [line.label, line.color, line.dashed, line.dash, line.thin]), log, smooth > 0, colors]);

  useEffect(() => {
    const element = box.current;
    const plot = new uPlot(options(), data, element);
    chart.current = plot;
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [shape, height]);

  useEffect(() => {
    const plot = chart.current;
    plot.setData(data, zoom === null);
    if (zoom !== null) plot.setScale("x", zoom);
  }, [data, shape, height, zoom?.min, zoom?.max]);

  function options() {
    const axis = { stroke: colors.quiet, grid: { stroke: colors.line, width: 1 }, ticks: { stroke: colors.line, width: 1, size: 4 }, font: "12px system-ui" };
    return {
      width: box.current.clientWidth,
      height,
      legend: { show: false },
      focus: { alpha: 0.25 },
      cursor: { drag: { x: true, y: false, uni: 8 }, points: { size: 7 }, focus: { prox: lines.length > 1 ? 16 : -1 } },
      scales: { x: { time: xFormat !== null }, y: { distr: log ? 3 : 1, range: log ? logRange : undefined } },
      axes: [
        { ...axis, size: 30, space: xFormat ? 110 : 50, values: (_, ticks) => ticks.map((tick) => (xFormat ? xFormat(tick) : Number.isInteger(tick) ? String(tick) : "")) },
        { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : tidy(tick))) },
      ],
      series: [{}, ...lines.flatMap((line) => drawn(line, colors, smooth > 0))],
      hooks: {
        setCursor: [(plot) => setAt(plot.cursor.idx ?? null)],
        setSelect: [
          (plot) => {
            if (plot.select.width < 8) return;
            const [min, max] = [plot.select.left, plot.select.left + plot.select.width].map((place) => plot.posToVal(place, "x"));
            zoomTo({ min, max });
          },
        ],
      },
    };
  }

  function zoomTo(part) {
    setZoom(new URLSearchParams(location.search), title, part);
  }

  return html`<figure class="chart" data-testid="chart">
    <figcaption>
      <span>${title}</span>
      ${zoom !== null && html`<button type="button" class="link" onClick=${() => zoomTo(null)}>Show all<span class="hidden"> of ${title}</span></button>`}
    </figcaption>
    <${Legend} lines=${lines} raw=${raw} x=${at === null ? undefined : xs[at]} at=${at} xLabel=${xLabel} xFormat=${xFormat} />
    <div class="plot" ref=${box} onDblClick=${() => zoomTo(null)} role="img" aria-label=${`${title}; the values are in the table below`}></div>
    <${Values} title=${title} head=${[xLabel, ...lines.map((line) => line.label)]}
      rows=${() => xs.map((x, place) => [xFormat ? xFormat(x) : x, ...raw.map((values) => format.number(values[place]))])} />
  </figure>`;
}

function drawn(line, colors, isSmoothed) {
  const stroke = colors.series[(line.color - 1) % colors.series.length];
  const points = { show: (plot, index) => plot.data[index].filter((value) => value !== null).length === 1, size: 6, fill: stroke };
  const dash = line.dash ?? (line.dashed ? [6, 4] : undefined);
  const main = { stroke, width: line.thin ? 1 : 1.8, dash, points, spanGaps: true };
  return isSmoothed ? [main, { stroke, width: 1, alpha: 0.25, points: { show: false } }] : [main];
}

// Columns for uPlot: x, then for each line its values, and under smoothing the raw ones as well.
function table(lines, smooth) {
  const xs = [...new Set(lines.flatMap((line) => line.values.map(([x]) => x)))].sort((a, b) => a - b);
  const raw = lines.map((line) => {
    const byX = new Map(line.values);
    return xs.map((x) => byX.get(x) ?? null);
  });
  return { xs, raw, data: [xs, ...raw.flatMap((values) => (smooth > 0 ? [smoothed(values, smooth), values] : [values]))] };
}

function logRange(_, low, high) {
  return uPlot.rangeLog(low > 0 ? low : 1e-6, high > 0 ? high : 1, 10, true);
}

function tidy(tick) {
  const size = Math.abs(tick);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) return tick.toExponential(0);
  return String(Number(tick.toPrecision(4)));
}

function Legend({ lines, raw, x, at, xLabel, xFormat }) {
  return html`<ul class="legend" aria-hidden="true">
    ${lines.map(
      (line, place) => html`<li key=${line.label}>
        <${LegendLine} line=${line} />${line.label}
        <span class="value">${at === null ? "" : format.number(raw[place]?.[at])}</span>
      </li>`,
    )}
    <li class="quiet at">${x === undefined ? "" : `${xLabel} ${xFormat ? xFormat(x) : x}`}</li>
  </ul>`;
}

function LegendLine({ line }) {
  if (!line.dash) return html`<span class=${`swatch s${line.color} ${line.dashed ? "dashed" : ""}`}></span>`;
  return html`<svg width="28" height="10"><line x1="0" x2="28" y1="5" y2="5" class=${`s${line.color}`} stroke-width=${line.thin ? 1 : 2.2} stroke-dasharray=${line.dash.join(" ") || null} /></svg>`;
}

// The colours of the theme, as canvases cannot read style sheets.
function useColors() {
  const [colors, setColors] = useState(readColors);
  useEffect(() => {
    const update = () => setColors(readColors());
    window.addEventListener("themechange", update);
    return () => window.removeEventListener("themechange", update);
  }, []);
  return colors;
}

function readColors() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { quiet: read("--quiet"), line: read("--line"), series: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => read(`--s${n}`)) };
}
