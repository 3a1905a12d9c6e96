// The looks of a page in a strip, and as a list that leads to each.
import { html } from "../lib.js";
import { Scroll, Time } from "../parts/basic.js";
import { withParams } from "../router.js";
import * as format from "../format.js";
import { State, Strip, StripLegend } from "./states.js";

export function Timeline({ looks, chosen, total }) {
  const oldestFirst = [...looks].reverse();
  const begin = oldestFirst[0];
  const end = looks[0];
  return html`<section>
    <h2 id="looks">Looks and alarms</h2>
    <${StripLegend} states=${["alarm", "nothing", "too early"]} />
    <${Strip} states=${oldestFirst.map((look) => look.verdict)} label="Looks, the oldest first" height=${28} step=${8} />
    <p class="quiet" data-testid="looked"><${Time} at=${begin.time} /> to <${Time} at=${end.time} />, ${format.plural(looks.length, "look")} of ${format.number(total)}</p>
    <details class="values">
      <summary>All ${format.plural(looks.length, "look")}</summary>
      <${Looks} looks=${looks} chosen=${chosen} />
    </details>
  </section>`;
}

function Looks({ looks, chosen }) {
  return html`<${Scroll} label="Looks">
    <table data-testid="looks">
      <thead><tr><th>Time</th><th>Verdict</th><th class="number">Rows</th><th class="number">Refused</th><th>What was seen</th></tr></thead>
      <tbody>
        ${looks.map(
          (look) => html`<tr key=${look.file} class=${look.file === chosen ? "best" : ""}>
            <th scope="row" class="nowrap"><a href=${withParams({ look: look.file })} aria-current=${look.file === chosen ? "true" : null}><${Time} at=${look.time} />${look.time === null && look.file}</a></th>
            <td><${State} state=${look.verdict} /></td>
            <td class="number">${format.number(look.rows)}</td>
            <td class="number">${format.number(look.refused)}</td>
            <td class="said"><bdi>${look.headline}</bdi>${look.problem && html`<div class="bad-text">${look.problem}</div>`}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  <//>`;
}
