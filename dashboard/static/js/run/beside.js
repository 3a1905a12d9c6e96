// What got worse than the baseline, the latest blessed model: slice by slice, the greatest first.
import { html } from "../lib.js";
import { Scroll } from "../parts/basic.js";
import { judged } from "../metric_direction.js";
import * as format from "../format.js";

const SHOWN = 10;

export function WorseThanBaseline({ record }) {
  const compared = record.metrics.filter((one) => typeof one.value === "number" && typeof one.baseline === "number");
  if (compared.length === 0) return null;
  const worse = compared
    .filter((one) => judged(record.config, one.metric, one.value, one.baseline) === "worse")
    .sort((a, b) => beyond(b) - beyond(a) || relative(b) - relative(a));
  const which = record.baseline?.version ? `version ${record.baseline.version}` : "the latest blessed model";
  return html`<section>
    <h2 id="worse">Worse than ${which}</h2>
    ${worse.length === 0
      ? html`<p data-testid="worse">No slice, on any metric that has a better and a worse.</p>`
      : html`<${Scroll} label="Slices that are worse than the baseline">
          <table data-testid="worse">
            <thead>
              <tr><th scope="col">Slice</th><th scope="col">Metric</th><th scope="col" class="number">Baseline</th><th scope="col" class="number">Value</th><th scope="col" class="number">Worse by</th><th scope="col">Chance?</th></tr>
            </thead>
            <tbody>
              ${worse.slice(0, SHOWN).map(
                (one) => html`<tr key=${`${one.slice}\n${one.metric}`}>
                  <th scope="row">${one.slice === "overall" ? "all rows" : String(one.slice)}</th><td>${one.metric}</td>
                  <td class="number quiet">${format.metric(one.baseline, one.metric)}</td><td class="number">${format.metric(one.value, one.metric)}</td>
                  <td class=${`number ${beyond(one) ? "bad-text" : ""}`}>${format.metric(Math.abs(one.value - one.baseline), one.metric)}</td>
                  <td class="nowrap">${inWords(one)}</td>
                </tr>`,
              )}
            </tbody>
          </table>
        <//>
        ${worse.length > SHOWN && html`<p class="quiet">And ${worse.length - SHOWN} more by less; the table by slice below has all.</p>`}`}
  </section>`;
}

const hasInterval = (one) => typeof one.low === "number" && typeof one.high === "number";

// Whether the baseline is outside of the value's 95 % interval.
function beyond(one) {
  return hasInterval(one) && (one.baseline < one.low || one.baseline > one.high) ? 1 : 0;
}

function relative(one) {
  return Math.abs(one.value - one.baseline) / (Math.abs(one.baseline) || 1);
}

function inWords(one) {
  if (!hasInterval(one)) return html`<span class="quiet">not known</span>`;
  return beyond(one) ? html`<span class="bad-text">beyond the 95 % interval</span>` : "within the 95 % interval";
}
