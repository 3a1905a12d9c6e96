// Shown while there is no run: how to make the first one. The page goes on by itself then.
import { html } from "../lib.js";
import { Copyable } from "../parts/basic.js";

export function NoRuns({ folder }) {
  return html`<div class="empty" data-testid="no-runs">
    <h1>No runs yet</h1>
    <p>Train, judge and push the model that comes with the project:</p>
    <${Copyable} text="make run" />
    <p>or, in an activated environment, any model under <code>models/</code>:</p>
    <${Copyable} text="python -m pipeline run taxi" />
    <p class="quiet">Runs are looked for in <code>${folder}</code>. The first one appears here as soon as it starts.</p>
  </div>`;
}
