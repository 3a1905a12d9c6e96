// The runs' training curves over each other: a colour and a dash pattern for each run, thin lines for training.
import { html } from "../lib.js";
import { LineChart } from "../charts/line_chart.js";
import { CurveControls, curveSettings } from "../charts/controls.js";
import { curvesOf, metricsOf, points } from "../charts/curves.js";
import { setParams } from "../router.js";
import { colorOf, dashOf } from "../parts/series.js";

const SPLITS = [
  ["eval", "Evaluation"],
  ["train", "Training"],
  ["both", "Both"],
];

export function Curves({ runs, params }) {
  const { smooth, log } = curveSettings(params);
  const split = SPLITS.some(([name]) => name === params.get("split")) ? params.get("split") : "eval";
  const curves = runs.flatMap((one, index) =>
    curvesOf(one.details).map((curve) => ({ ...curve, run: one.id, color: colorOf(index), dash: dashOf(index) })),
  );
  if (curves.length === 0) return html`<p class="quiet">None of these runs has curves.</p>`;
  const shown = curves.filter((curve) => split === "both" || curve.split === split);
  return html`<div class="row">
      <label>Split
        <select value=${split} onChange=${(event) => setParams({ split: event.currentTarget.value })}>
          ${SPLITS.map(([name, title]) => html`<option key=${name} value=${name}>${title}</option>`)}
        </select>
      </label>
    </div>
    <${CurveControls} params=${params} />
    <div class="charts">
      ${metricsOf(shown).map(
        (metric) => html`<${LineChart} key=${metric} title=${metric} log=${log} smooth=${smooth} height=${280}
          lines=${shown.filter((curve) => curve.metric === metric).map((curve) => line(curve, split))} />`,
      )}
    </div>`;
}

function line(curve, split) {
  const evaluation = curve.split === "eval";
  return {
    label: split === "both" ? `${curve.run} ${evaluation ? "evaluation" : "training"}` : curve.run,
    color: curve.color,
    dash: curve.dash,
    thin: split === "both" && !evaluation,
    values: points(curve),
  };
}
