// The runs' ROC, precision-recall and calibration over each other, and their confusion matrices side by side.
import { html } from "../lib.js";
import { RunLink } from "../parts/basic.js";
import { Overlay } from "../plots/overlay.js";
import { Confusion, usable } from "../plots/confusion.js";
import { calibrationPoints, classCounts, classNames, confusionAt, nearest, precisionRecallPoints, rocOf, rocPoints } from "../plots/binary.js";
import { setParams } from "../router.js";
import { Swatch } from "../parts/series.js";

const CUSTOMARY = 0.5;

export function ComparedPlots({ runs, params }) {
  const plotsOf = (one) => one.details?.plots;
  const lines = (points) => runs.map((one, index) => ({ label: one.id, index, points: points(plotsOf(one)), marked: null }));
  const binary = runs.some((one) => rocOf(plotsOf(one)).length > 0);
  const asked = Number(params.get("threshold") ?? CUSTOMARY);
  const threshold = asked >= 0 && asked <= 1 ? asked : CUSTOMARY;
  const matrices = runs.map((one, index) => [one, index, matrixOf(one, threshold)]).filter(([, , matrix]) => matrix);
  const nothing = !binary && matrices.length === 0 && runs.every((one) => calibrationPoints(plotsOf(one)).length === 0);
  if (nothing) return html`<p class="quiet">None of these runs has plots: they are of judged models.</p>`;
  return html`<div class="plots">
      <${Overlay} title="ROC" x="False positive rate" y="True positive rate" more=${["Threshold"]} diagonal=${true} lines=${lines(rocPoints)} />
      <${Overlay} title="Precision and recall" x="Recall" y="Precision" more=${["Threshold"]} lines=${lines(precisionRecallPoints)} />
      <${Overlay} title="Calibration" x="Mean prediction" y="Mean label" more=${["Rows"]} dots=${true} diagonal=${true} lines=${lines(calibrationPoints)} />
    </div>
    ${matrices.length > 0 &&
    html`<h2 id="confusion">Confusion</h2>
      ${binary &&
      html`<label class="row">Threshold
        <input type="range" min="0" max="1" step="0.01" value=${threshold} onInput=${(event) => setParams({ threshold: event.currentTarget.value }, { replace: true })} />
        <output>${threshold.toFixed(2)}</output>
      </label>`}
      <div class="plots" data-testid="confusions">
        ${matrices.map(
          ([one, index, matrix]) => html`<div key=${one.id}>
            <p><${Swatch} index=${index} /> <${RunLink} id=${one.id} /></p>
            <${Confusion} ...${matrix} of=${one.id} />
          </div>`,
        )}
      </div>`}`;
}

// A matrix of several classes is recorded; that of two follows from the threshold.
function matrixOf(one, threshold) {
  const plots = one.details?.plots;
  const points = rocOf(plots);
  const counted = classCounts(plots);
  if (points.length > 0 && counted) {
    const point = points[nearest(points, threshold)];
    return { classes: classNames(one.record), counts: confusionAt(point, counted), title: `From ${point.threshold.toFixed(3)}` };
  }
  const recorded = usable(plots?.confusion);
  return recorded && { ...recorded, title: "Confusion" };
}
