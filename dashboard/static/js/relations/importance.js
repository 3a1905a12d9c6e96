// How much of the outcome each hyperparameter accounts for, with an interval; computed by the server.
import { html } from "../lib.js";
import { useLive } from "../api.js";
import { ErrorBox, Loading, Scroll } from "../parts/basic.js";
import * as format from "../format.js";

const SECONDS = 60;

export function Importance({ asked, outcome, table, of }) {
  const address = new URLSearchParams([...asked, ["of", outcome.key]]);
  const { data, error, current } = useLive(`/api/relations/importance?${address}`, SECONDS);
  return html`<section data-testid="importance">
    <h2 id="importance">What accounts for ${outcome.title}?</h2>
    ${error && html`<${ErrorBox} error=${error} />`}
    ${!error && (!data || !current) && html`<${Loading} />`}
    ${data && current && html`<${Found} data=${data} table=${table} of=${of} outcome=${outcome} />`}
  </section>`;
}

function Found({ data, table, of, outcome }) {
  const title = (key) => table.column(key)?.title ?? key;
  if (data.problem) return html`<p data-testid="no-importance">${data.problem}</p><${Same} names=${data.same.map(title)} of=${of} />`;
  const matter = data.found.filter((one) => one.matters);
  const high = Math.max(1, ...data.found.map((one) => one.high));
  return html`<p data-testid="answer">
      ${matter.length === 0 ? html`<strong>None of them is seen to matter</strong>: chance alone may explain the differences of ${format.plural(data.rows, of)}.` : html`<strong>${listed(matter.map((one) => title(one.key)))}</strong> ${matter.length === 1 ? "matters" : "matter"}, seen in ${format.plural(data.rows, of)}.`}
      ${" "}All together explain ${data.explained > 0 ? format.percent(data.explained) : "nothing"} of the variance of ${outcome.title} in ${of}s that were left out.
    </p>
    <${Scroll} label="Importance of hyperparameters">
      <table class="importance">
        <thead><tr><th scope="col">Hyperparameter</th><th scope="col" class="number">Share of the variance</th><th scope="col" class="number">95 % interval</th><th class="range-head"><span class="hidden">As a picture</span></th><th scope="col">With a greater value</th></tr></thead>
        <tbody>
          ${data.found.map(
            (one) => html`<tr key=${one.key} class=${one.matters ? "best" : ""}>
              <th scope="row">${title(one.key)}</th>
              <td class="number">${share(one.share)}</td>
              <td class="number nowrap quiet">${share(one.low)} to ${share(one.high)}</td>
              <td class="range-cell"><${Bar} one=${one} high=${high} /></td>
              <td>${trend(one, outcome)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    <//>
    <${Same} names=${data.same.map(title)} of=${of} />
    <details class="values">
      <summary>How this is computed</summary>
      <p>
        A forest of extremely randomized trees (Geurts et al. 2006) learns ${outcome.title} from a bootstrap sample of the ${of}s and
        answers those that the sample left out. One hyperparameter's values are then drawn anew: half of the rise of the squared error,
        over the variance, is its share, alone or together with others (permutation importance, Breiman 2001; total effect, Jansen 1999).
        The interval is that of 100 bootstrap samples. What was not varied by itself, such as a rate that always came with a certain
        width, is not told apart from what it came with.
      </p>
    </details>`;
}

function share(value) {
  return `${value < 0 ? "−" : ""}${format.percent(Math.abs(value))}`;
}

function trend(one, outcome) {
  if (one.trend === null || Math.abs(one.trend) < 0.1) return "";
  return `${outcome.title} ${one.trend > 0 ? "rises" : "falls"} (${one.trend > 0 ? "" : "−"}${Math.abs(one.trend).toFixed(2)})`;
}

function Same({ names, of }) {
  if (names.length === 0) return null;
  return html`<p class="quiet">The same in every ${of}: ${names.join(", ")}.</p>`;
}

function listed(names) {
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function Bar({ one, high }) {
  const low = Math.min(0, -0.1 * high);
  const x = (value) => `${((Math.max(value, low) - low) / (high - low)) * 100}%`;
  return html`<svg class="range" aria-hidden="true">
    <line x1=${x(0)} x2=${x(0)} y1="0" y2="18" class="limit" />
    <line x1="0" x2="100%" y1="50%" y2="50%" class="axis" />
    <line x1=${x(one.low)} x2=${x(one.high)} y1="50%" y2="50%" class="confidence" />
    <circle cx=${x(one.share)} cy="50%" r="4" class=${one.matters ? "dot" : "hollow"} />
  </svg>`;
}
