// Lines over a common x axis: drag to zoom, double click to see all, hover to read values.
import { html, useEffect, useRef, useState } from "../lib.js";
import uPlot from "../../vendor/uplot.js";
import * as format from "../format.js";
import { smoothed } from "./smooth.js";

// `lines` are {label, color: 1 to 8, dashed, dash, thin, values: [[x, y], ...]}, `dash` a pattern of
// lengths in the place of the customary one; the line that the pointer is near stands out. `smooth` is 0 to below 1. With
// `xFormat` x is a time in seconds, which it puts into words.
export function LineChart({ title, lines, log = false, smooth = 0, height = 240, xLabel = "epoch", xFormat = null }) {
  const box = useRef(null);
  const chart = useRef(null);
  const zoom = useRef(null);
  const [at, setAt] = useState(null);
  const [zoomed, setZoomed] = useState(false);
  const colors = useColors();
  const { data, xs } = table(lines, smooth);
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
    plot.setData(data, zoom.current === null);
    if (zoom.current !== null) plot.setScale("x", zoom.current);
  }, [JSON.stringify(data)]);

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
            zoom.current = { min: plot.posToVal(plot.select.left, "x"), max: plot.posToVal(plot.select.left + plot.select.width, "x") };
            setZoomed(true);
          },
        ],
      },
    };
  }

  function reset() {
    zoom.current = null;
    setZoomed(false);
    chart.current.setData(data, true);
  }

  return html`<figure class="chart" data-testid="chart">
    <figcaption>
      <span>${title}</span>
      ${zoomed && html`<button type="button" class="link" onClick=${reset}>Show all</button>`}
    </figcaption>
    <${Legend} lines=${lines} xs=${xs} at=${at} xLabel=${xLabel} xFormat=${xFormat} />
    <div class="plot" ref=${box} onDblClick=${reset} role="img" aria-label=${`${title}; the values are in the table below`}></div>
    <${Values} title=${title} lines=${lines} xs=${xs} xLabel=${xLabel} xFormat=${xFormat} />
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
  const columns = lines.flatMap((line) => {
    const byX = new Map(line.values);
    const raw = xs.map((x) => byX.get(x) ?? null);
    return smooth > 0 ? [smoothed(raw, smooth), raw] : [raw];
  });
  return { xs, data: [xs, ...columns] };
}

function logRange(_, low, high) {
  return uPlot.rangeLog(low > 0 ? low : 1e-6, high > 0 ? high : 1, 10, true);
}

function tidy(tick) {
  const size = Math.abs(tick);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) return tick.toExponential(0);
  return String(Number(tick.toPrecision(4)));
}

function Legend({ lines, xs, at, xLabel, xFormat }) {
  const x = at === null ? null : xs[at];
  return html`<ul class="legend" aria-hidden="true">
    ${lines.map((line) => {
      const found = x === null ? undefined : line.values.find(([other]) => other === x);
      return html`<li key=${line.label}>
        <${LegendLine} line=${line} />${line.label}
        <span class="value">${found ? format.number(found[1]) : ""}</span>
      </li>`;
    })}
    <li class="quiet at">${x === null || x === undefined ? "" : `${xLabel} ${xFormat ? xFormat(x) : x}`}</li>
  </ul>`;
}

function LegendLine({ line }) {
  if (!line.dash) return html`<span class=${`swatch s${line.color} ${line.dashed ? "dashed" : ""}`}></span>`;
  return html`<svg width="28" height="10"><line x1="0" x2="28" y1="5" y2="5" class=${`s${line.color}`} stroke-width=${line.thin ? 1 : 2.2} stroke-dasharray=${line.dash.join(" ") || null} /></svg>`;
}

// The same for those who do not see the lines, and for copying.
function Values({ title, lines, xs, xLabel, xFormat }) {
  const [open, setOpen] = useState(false);
  return html`<details class="values" onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>Values</summary>
    ${open &&
    html`<div class="scroll" tabindex="0" role="region" aria-label=${`Values of ${title}`}>
      <table>
        <thead><tr><th>${xLabel}</th>${lines.map((line) => html`<th key=${line.label} class="number">${line.label}</th>`)}</tr></thead>
        <tbody>
          ${xs.map(
            (x) => html`<tr key=${x}>
              <th scope="row" class=${xFormat ? "nowrap" : ""}>${xFormat ? xFormat(x) : x}</th>
              ${lines.map((line) => html`<td class="number">${format.number(line.values.find(([other]) => other === x)?.[1])}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`}
  </details>`;
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
