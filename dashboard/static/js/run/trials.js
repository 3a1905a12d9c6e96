// What the Tuner tried, the best marked.
import { html } from "../lib.js";
import { Scroll } from "../parts/basic.js";
import * as format from "../format.js";

export function Trials({ trials, id }) {
  const usable = trials.filter((trial) => trial && typeof trial === "object");
  if (usable.length === 0) return html`<p class="quiet">None: the hyperparameters were frozen, or the search is not over.</p>`;
  const names = [...new Set(usable.flatMap((trial) => Object.keys(trial.hyperparameters ?? {})))];
  const scores = usable.map((trial) => trial.score).filter((score) => typeof score === "number");
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  return html`<p><a href=${`/relations?run=${encodeURIComponent(id)}`}>Which hyperparameter matters?</a></p><${Scroll} label="Tuner trials">
    <table data-testid="trials">
      <thead>
        <tr>
          <th class="number">Trial</th><th class="number">${String(usable[0].objective ?? "score")}</th><th><span class="hidden">Best</span></th>
          <th><span class="hidden">Score as a bar</span></th><th class="number">Took</th>
          ${names.map((name) => html`<th key=${name} class="number">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${usable.map(
          (trial) => html`<tr key=${trial.number} class=${trial.best ? "best" : ""}>
            <th scope="row" class="number">${trial.number}</th>
            <td class="number">${typeof trial.score === "number" ? format.metric(trial.score) : html`<span class="bad-text">failed</span>`}</td>
            <td class="good-text">${trial.best ? "✓ best" : ""}</td>
            <td class="bar-cell narrow">${typeof trial.score === "number" && html`<${ScoreBar} share=${high > low ? (trial.score - low) / (high - low) : 1} />`}</td>
            <td class="number nowrap">${format.duration(trial.seconds)}</td>
            ${names.map((name) => html`<td key=${name} class="number">${format.anything(trial.hyperparameters?.[name])}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
  <//>`;
}

// From the lowest score to the highest, so that close ones can be told apart.
function ScoreBar({ share }) {
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect x="0" y="1" width=${4 + share * 96} height="8" data-state="done" />
  </svg>`;
}
