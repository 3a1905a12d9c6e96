// Smoothing and scale of line charts, kept in the address.
import { html } from "../lib.js";
import { setParams } from "../router.js";

export function curveSettings(params) {
  const smooth = Number(params.get("smooth") ?? 0);
  return { smooth: smooth > 0 && smooth < 1 ? smooth : 0, log: params.get("scale") === "log" };
}

export function CurveControls({ params }) {
  const { smooth, log } = curveSettings(params);
  return html`<div class="row controls">
    <label>Smoothing
      <input type="range" min="0" max="0.95" step="0.05" value=${smooth}
        onInput=${(event) => setParams({ smooth: Number(event.currentTarget.value) || null }, { replace: true })} />
      <output>${smooth.toFixed(2)}</output>
    </label>
    <label><input type="checkbox" checked=${log}
      onChange=${(event) => setParams({ scale: event.currentTarget.checked ? "log" : null }, { replace: true })} /> Logarithmic</label>
    <span class="quiet">Drag in a chart to zoom, double click to see all.</span>
  </div>`;
}
