// Numbers and images that the model's code has logged of its own, in training and in the search.
import { html, useState } from "../lib.js";
import { LineChart } from "../charts/line_chart.js";
import { colorOf, dashOf } from "../parts/series.js";
import { isObject } from "../parts/trees.js";
import * as format from "../format.js";

const MOST_LINES = 16; // Trials in one chart that can be told apart.
const MOST_CHARTS = 24; // Drawn at a time.

export function LoggedSeries({ details }) {
  const [asked, setAsked] = useState(MOST_CHARTS);
  const series = logged(details, "series").filter((one) => Array.isArray(one.points) && one.points.length > 0);
  const told = logged(details, "warnings");
  const warnings = told.filter((one, place) => told.findIndex((other) => other.headline === one.headline && other.detail === one.detail) === place); // Trials say the same.
  if (series.length === 0 && warnings.length === 0) return null;
  const names = [...new Set(series.map((one) => String(one.name)))];
  return html`<section data-testid="logged">
    <h2 id="logged">Logged by the model</h2>
    ${warnings.map((one, place) => html`<div key=${place} class="box warn"><strong>${String(one.headline)}.</strong> ${String(one.detail)}</div>`)}
    <div class="charts">
      ${names.slice(0, asked).map((name) => html`<${Named} key=${name} name=${name} series=${series.filter((one) => String(one.name) === name)} />`)}
    </div>
    ${names.length > asked && html`<button type="button" onClick=${() => setAsked(asked + MOST_CHARTS)}>Show ${Math.min(MOST_CHARTS, names.length - asked)} more of ${names.length}</button>`}
  </section>`;
}

function Named({ name, series }) {
  const shown = series.slice(0, MOST_LINES);
  const thinned = series.filter((one) => one.logged > one.points.length);
  const lines = shown.map((one, place) => ({
    label: typeof one.trial === "number" ? `trial ${one.trial}` : "training",
    color: colorOf(place),
    dash: dashOf(place),
    values: one.points.filter((point) => Array.isArray(point) && typeof point[0] === "number" && typeof point[1] === "number"),
  }));
  return html`<div>
    <${LineChart} title=${name} lines=${lines} xLabel="step" />
    ${thinned.length > 0 && html`<p class="quiet">${format.number(thinned[0].points.length)} of ${format.number(thinned[0].logged)} values are kept.</p>`}
    ${series.length > shown.length && html`<p class="quiet">The first ${MOST_LINES} of ${format.number(series.length)} trials.</p>`}
  </div>`;
}

export function LoggedImages({ details }) {
  const images = logged(details, "images").filter((one) => format.isBase64(one.png));
  if (images.length === 0) return null;
  const names = [...new Set(images.map(group))];
  return html`<section data-testid="logged-images">
    <h2 id="logged-images">Images logged by the model</h2>
    ${names.map(
      (name) => html`<h3 key=${name}>${name}</h3>
        <div class="logged-images">
          ${images
            .filter((one) => group(one) === name)
            .map((one) => html`<figure key=${one.step}>
              <img src=${`data:image/png;base64,${one.png}`} alt=${`${name}, step ${one.step}`} />
              <figcaption>step ${format.anything(one.step)}</figcaption>
            </figure>`)}
        </div>`,
    )}
  </section>`;
}

function group(image) {
  return typeof image.trial === "number" ? `${image.name}, trial ${image.trial}` : String(image.name);
}

// What there is of a kind, of the training before that of the search.
function logged(details, kind) {
  return [details?.logged, details?.logged_in_trials].flatMap((part) => (Array.isArray(part?.[kind]) ? part[kind].filter(isObject) : []));
}
