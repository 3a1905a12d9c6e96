// A binary classifier at a threshold that a slider sets: the curves with its place, and the confusion matrix.
import { html } from "../lib.js";
import { setParams } from "../router.js";
import * as format from "../format.js";
import { Classes, Confusion } from "./confusion.js";
import { Overlay } from "./overlay.js";
import { classCounts, confusionAt, nearest, precisionRecallPoints, rocOf, rocPoints } from "./binary.js";

const CUSTOMARY = 0.5;

export function Threshold({ plots, classes, params }) {
  const points = rocOf(plots);
  if (points.length === 0) return null;
  const asked = Number(params.get("threshold") ?? CUSTOMARY);
  const place = nearest(points, Number.isFinite(asked) ? asked : CUSTOMARY);
  const point = points[place];
  const counted = classCounts(plots);
  const marked = (pair) => (pair.every((value) => typeof value === "number") ? pair : null);
  const line = (list, at) => [{ label: "this model", index: 0, points: list, marked: marked(at) }];
  const matrix = counted && confusionAt(point, counted);
  function choose(event) {
    setParams({ threshold: points[Number(event.currentTarget.value)].threshold }, { replace: true });
  }
  return html`<div class="threshold" data-testid="threshold">
    <label class="row">
      <span>A row counts as <b>${classes[1]}</b> from a score of</span>
      <input type="range" min="0" max=${points.length - 1} step="1" value=${place} onInput=${choose}
        aria-valuetext=${format.number(point.threshold)} />
      <output>${format.number(point.threshold)}</output>
    </label>
    <${Rates} point=${point} matrix=${matrix} />
    <div class="plots">
      <${Overlay} title="Precision and recall" x="Recall" y="Precision" more=${["Threshold"]} lines=${line(precisionRecallPoints(plots), [point.true_positive_rate, point.precision])} />
      <${Overlay} title="ROC" x="False positive rate" y="True positive rate" diagonal=${true} more=${["Threshold"]} lines=${line(rocPoints(plots), [point.false_positive_rate, point.true_positive_rate])} />
      ${matrix && html`<div>
        <${Confusion} classes=${classes} counts=${matrix} title="Confusion at this threshold" />
        <${Classes} classes=${classes} counts=${matrix} title="By class at this threshold" />
      </div>`}
    </div>
  </div>`;
}

function Rates({ point, matrix }) {
  const all = matrix ? matrix.flat().reduce((a, b) => a + b, 0) : 0;
  const facts = [
    ["precision", point.precision],
    ["recall", point.true_positive_rate],
    ["false positive rate", point.false_positive_rate],
    ["accuracy", all > 0 ? (matrix[0][0] + matrix[1][1]) / all : null],
    ["predicted", all > 0 ? (matrix[0][1] + matrix[1][1]) / all : null],
  ];
  return html`<p class="rates" role="status">
    ${facts.filter(([, value]) => typeof value === "number").map(([name, value]) => html`<span key=${name}><span class="quiet">${name}</span> ${name === "predicted" ? format.percent(value) : format.metric(value)}</span>`)}
  </p>`;
}
