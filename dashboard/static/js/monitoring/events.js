// What happened: alarms, retrainings, canaries, promotions, labels.
import { html } from "../lib.js";
import { RunLink, Scroll, Time } from "../parts/basic.js";
import { withParams } from "../router.js";
import * as format from "../format.js";
import { versionAddress } from "./address.js";

export function Events({ model, version, events, leftOut, damaged }) {
  return html`<section>
    <h2 id="events">Alarms and retrainings</h2>
    ${damaged > 0 && html`<p class="bad-text">${format.plural(damaged, "line")} of the history cannot be read.</p>`}
    ${events.length === 0
      ? html`<p class="quiet">No event yet.</p>`
      : html`<${Scroll} label="Events">
          <table data-testid="events">
            <thead><tr><th>Time</th><th>Event</th><th>Because of</th><th>Details</th></tr></thead>
            <tbody>
              ${events.map(
                (event, number) => html`<tr key=${number} data-event=${event.event}>
                  <th scope="row" class="nowrap"><${Time} at=${event.time} /></th>
                  <td class="nowrap">${event.event === "alarm" && html`<span class="bad-text" aria-hidden="true">▲ </span>`}${event.event}</td>
                  <td class="nowrap">${event.alarm && html`<a href=${withParams({ look: fileName(event.alarm) })}>the look</a>`}</td>
                  <td class="said"><${Details} model=${model} version=${version} detail=${event.detail} /></td>
                </tr>`,
              )}
            </tbody>
          </table>
        <//>`}
    ${leftOut > 0 && html`<p class="quiet">${format.plural(leftOut, "older event")} left out.</p>`}
  </section>`;
}

// A path of the look's file may be recorded, or its name.
function fileName(path) {
  return path.split("/").pop();
}

function Details({ model, version, detail }) {
  return Object.entries(detail).map(([name, value], place) => {
    const shown =
      name === "run" && typeof value === "string"
        ? html`<${RunLink} id=${value} />`
        : /(^|_)version$/.test(name) && Number.isInteger(value) && value !== version
          ? html`<a href=${versionAddress(model, value)}>${value}</a>`
          : html`<bdi>${typeof value === "number" ? String(value) : format.anything(value)}</bdi>`;
    return html`${place > 0 && "; "}<span key=${name}>${name.replaceAll("_", " ")}: ${shown}</span>`;
  });
}
