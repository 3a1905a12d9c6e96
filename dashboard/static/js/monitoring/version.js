// The monitoring of one version: timeline, answers, metrics, features, events and a look.
import { html, useEffect, useState } from "../lib.js";
import { useLive } from "../api.js";
import { ErrorBox, Loading, RunLink } from "../parts/basic.js";
import { setParams } from "../router.js";
import { Pager } from "../runs/pager.js";
import * as format from "../format.js";
import { versionApi } from "./address.js";
import { Events } from "./events.js";
import { Features } from "./features.js";
import { Look } from "./look.js";
import { NotWatched } from "./not_watched.js";
import { Metrics, Outputs } from "./over_time.js";
import { State, toneOf } from "./states.js";
import { Timeline } from "./timeline.js";

const PAGE = 100;

export function VersionPage({ model, version, params }) {
  const page = Math.max(Number.parseInt(params.get("page") ?? "1", 10) || 1, 1);
  const [seconds, setSeconds] = useState(5);
  const { data, error } = useLive(versionApi(model, version, `?offset=${(page - 1) * PAGE}&limit=${PAGE}`), seconds);
  const complete = data ? data.complete : true;
  useEffect(() => setSeconds(complete ? 5 : 0.1), [complete]);
  useEffect(() => {
    document.title = `Monitoring · ${model} ${version}`;
  }, [model, version]);
  const title = html`<bdi>${model}</bdi>, version ${version}`;
  if (!data) return html`<h1>${title}</h1>${error ? html`<${ErrorBox} error=${error} /><a href="/monitoring">All versions</a>` : html`<${Loading} />`}`;
  return html`<div class="page-head"><h1>${title}</h1>${data.looks[0] && html`<${State} state=${data.looks[0].verdict} />`}</div>
    <div class="meta">
      ${data.run && html`<span>from run ${data.run_listed ? html`<${RunLink} id=${data.run} />` : html`<code>${data.run}</code>`}</span>`}
      ${data.profile && html`<span>trained on ${format.number(data.profile.training_rows)} rows</span>`}
      <span>${format.plural(data.total, "look")}</span>
      <a href="/monitoring">All versions</a>
    </div>
    ${error && html`<${ErrorBox} error=${error} />`}
    ${data.profile_problem && html`<div class="box warn">${data.profile_problem}</div>`}
    ${!data.complete && html`<p class="quiet" role="status">Reading older looks …</p>`}
    ${data.looks.length === 0 ? html`<${Nothing} data=${data} page=${page} />` : html`<${Watched} data=${data} params=${params} page=${page} />`}
    <${Events} model=${model} version=${data.version} events=${data.events} leftOut=${data.events_left_out} damaged=${data.events_damaged} />`;
}

function Nothing({ data, page }) {
  if (page > 1) return html`<p>There are no looks on this page. <button type="button" class="link" onClick=${() => setParams({ page: null })}>The latest</button></p>`;
  return html`<div class="box"><strong>No look at this version yet.</strong></div><${NotWatched} model=${data.model} />`;
}

function Watched({ data, params, page }) {
  const { looks, model, version, profile } = data;
  const chosen = params.get("look") ?? looks[0].file;
  const unreadable = looks.filter((look) => look.verdict === "unreadable");
  const latest = looks[0];
  return html`<div class=${`box ${toneOf(latest.verdict)}`} data-testid="monitoring-verdict" aria-live="polite">
      <strong><bdi>${latest.headline || latest.problem}</bdi></strong>
      ${latest.alarms.length > 0 && html`<div>${latest.alarms.map((name, place) => html`${place > 0 && ", "}<bdi>${name}</bdi>`)}</div>`}
    </div>
    ${unreadable.length > 0 && html`<div class="box bad" data-testid="damaged">${format.plural(unreadable.length, "look")} cannot be read, such as ${unreadable[0].file}: ${unreadable[0].problem}</div>`}
    <${Timeline} looks=${looks} chosen=${chosen} total=${data.total} />
    <${Pager} page=${page} pages=${Math.ceil(data.total / PAGE)} />
    <${Outputs} outputs=${data.outputs} looks=${looks} />
    <${Metrics} metrics=${data.metrics} looks=${looks} bounds=${profile?.metrics} />
    <${Features} rows=${[...data.others, ...data.features]} leftOut=${data.rows_left_out} />
    <${Look} key=${chosen} model=${model} version=${version} file=${chosen} categories=${profile?.categories ?? []} all=${params.get("drawn") === "all"} />`;
}
