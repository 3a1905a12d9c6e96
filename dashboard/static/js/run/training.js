// Training curves as they grow, what the model's code logged, the machine, and what the Tuner tried before.
import { html } from "../lib.js";
import { LineChart } from "../charts/line_chart.js";
import * as format from "../format.js";
import { CurveControls, curveSettings } from "../charts/controls.js";
import { curvesOf, metricsOf, points } from "../charts/curves.js";
import { LoggedImages, LoggedSeries } from "./logged.js";
import { Machine } from "./machine.js";
import { Trials } from "./trials.js";

export function Training({ id, run, record, details, params }) {
  const curves = curvesOf(details);
  const { smooth, log } = curveSettings(params);
  const epochs = Math.max(0, ...curves.map((curve) => curve.values.length));
  return html`<section>
      <h2 id="curves">Curves</h2>
      ${epochs === 0
        ? html`<p class="quiet">${run.status === "running" ? "No epoch is over yet." : "The run has none: it trained nothing, or took the model from the cache."}</p>`
        : html`<p class="quiet" role="status" data-testid="epochs">
              ${format.number(epochs)}${typeof record.config.training?.epochs === "number" ? ` of at most ${record.config.training.epochs}` : ""} epochs
            </p>
            <${CurveControls} params=${params} />
            <div class="charts">
              ${metricsOf(curves).map((metric) => html`<${LineChart} key=${metric} title=${metric} lines=${lines(curves, metric)} log=${log} smooth=${smooth} />`)}
            </div>`}
    </section>
    <${LoggedSeries} details=${details} />
    <${LoggedImages} details=${details} />
    <${Machine} id=${id} running=${run.status === "running"} />
    <section>
      <h2 id="trials">Tuner trials</h2>
      <${Trials} id=${id} trials=${Array.isArray(details.trials) ? details.trials : []} />
    </section>`;
}

function lines(curves, metric) {
  return curves
    .filter((curve) => curve.metric === metric)
    .map((curve) => ({
      label: String(curve.split),
      color: curve.split === "eval" ? 2 : 1,
      dashed: curve.split === "eval",
      values: points(curve),
    }));
}
