// How the code of a run differs from the first run's, file by file.
import { html } from "../lib.js";
import { useLive } from "../api.js";
import { ErrorBox, Loading } from "../parts/basic.js";
import { setParams } from "../router.js";

export function Code({ runs, params }) {
  if (runs.length < 2) return html`<p class="quiet">Two runs are needed.</p>`;
  const [first, ...others] = runs;
  const other = others.find((one) => one.id === params.get("with")) ?? others[0];
  const [before, after] = [filesOf(first), filesOf(other)];
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = paths.filter((path) => before[path] !== after[path]);
  return html`${others.length > 1 &&
    html`<label class="row">Compare with
      <select value=${other.id} onChange=${(event) => setParams({ with: event.currentTarget.value })}>
        ${others.map((one) => html`<option key=${one.id} value=${one.id}>${one.id}</option>`)}
      </select>
    </label>`}
    <p>
      ${paths.length === 0 ? "Neither record names its files." : changed.length === 0 ? "The code is the same." : `${changed.length} of ${paths.length} files differ.`}
    </p>
    <p class="quiet">From <code>${first.id}</code> (−) to <code>${other.id}</code> (+).</p>
    ${changed.map((path) => html`<${Difference} key=${path} path=${path} left=${first.id} right=${other.id} state=${stateOf(path, before, after)} />`)}`;
}

function filesOf(one) {
  const files = one.record.code?.files;
  return typeof files === "object" && files !== null ? files : {};
}

function stateOf(path, before, after) {
  if (!(path in before)) return "added";
  return path in after ? "changed" : "removed";
}

function Difference({ path, left, right, state }) {
  const asked = new URLSearchParams({ left, right, path });
  const { data, error } = useLive(`/api/diff?${asked}`, 60);
  return html`<section data-testid="diff" data-path=${path}>
    <h2><code>${path}</code> <span class="quiet">${state}</span></h2>
    ${error && html`<${ErrorBox} error=${error} />`}
    ${!data && !error && html`<${Loading} />`}
    ${data && data.hunks.length === 0 && html`<p class="quiet">The run folders have no copies of it that differ.</p>`}
    ${data?.hunks.map((lines, number) => html`<${Hunk} key=${number} lines=${lines} label=${`${path}, change ${number + 1}`} />`)}
  </section>`;
}

const SIGNS = { same: " ", removed: "−", added: "+" };
const WORDS = { same: "", removed: "removed: ", added: "added: " };

function Hunk({ lines, label }) {
  return html`<div class="scroll hunk" tabindex="0" role="region" aria-label=${label}>
    <table class="diff">
      <tbody>
        ${lines.map(
          (line, number) => html`<tr key=${number} class=${line.kind}>
            <td class="line">${line.before ?? ""}</td>
            <td class="line">${line.after ?? ""}</td>
            <td class="sign" aria-hidden="true">${SIGNS[line.kind]}</td>
            <td class="code"><span class="hidden">${WORDS[line.kind]}</span>${line.text}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
