// Shown where there is no look yet: how to make the first one.
import { html } from "../lib.js";
import { Copyable } from "../parts/basic.js";

export function NotWatched({ model }) {
  const name = model ?? "MODEL";
  return html`<div data-testid="not-watched">
    <p>Look at what is served again and again, in an activated environment:</p>
    <${Copyable} text=${`python -m monitoring watch ${quoted(name)}`} />
    <p>or once, without a record:</p>
    <${Copyable} text=${`python -m monitoring check ${quoted(name)}`} />
  </div>`;
}

function quoted(name) {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
