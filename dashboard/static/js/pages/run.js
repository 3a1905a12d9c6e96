// One run: its head, and the part of it that the address names.
import { html, useEffect, useRef } from "../lib.js";
import { runApi, useLive } from "../api.js";
import { Duration, ErrorBox, Hash, Loading, Status, Tabs, Time } from "../parts/basic.js";
import { runAddress } from "../router.js";
import { CompareWith } from "../compare/beside.js";
import { versionAddress } from "../monitoring/address.js";
import { Overview } from "../run/overview.js";
import { Training } from "../run/training.js";
import { Evaluation } from "../run/evaluation.js";
import { Data } from "../run/data.js";
import { Reproduce } from "../run/reproduce.js";
import { Text } from "../run/text.js";
import { Files } from "../run/files.js";
import { NeptuneRecord } from "../run/neptune.js";
import { Archive, Tags } from "../run/tags.js";
import { outcomeOf } from "../outcomes.js";
import { isObject } from "../parts/trees.js";

const TABS = [
  ["overview", "Overview"],
  ["training", "Training"],
  ["evaluation", "Evaluation"],
  ["data", "Data"],
  ["reproduce", "Reproduce"],
  ["log", "Log"],
  ["files", "Files"],
  ["neptune", "Neptune"],
];
const LIVE = 1.5; // Seconds between questions while the run goes,
const AT_REST = 10; // and when it is over.

export function RunPage({ id, params }) {
  const tab = TABS.find(([name]) => name === params.get("tab"))?.[0] ?? "overview";
  const running = useRef(true);
  const seconds = running.current ? LIVE : AT_REST;
  const answer = useLive(runApi(id), seconds);
  const found = useLive(runApi(id, "/details"), seconds);
  const { data, error, reload } = answer;
  running.current = data ? data.run.status === "running" : !error;
  const status = data?.run.status;
  useEffect(() => {
    document.title = status ? `${outcomeOf(status).label} · ${id}` : id;
  }, [id, status]);
  if (error && !data) return html`<h1>${id}</h1><${ErrorBox} error=${error} /><a href="/">All runs</a>`;
  if (!data || !found.data) return html`<h1>${id}</h1><${Loading} />`;
  const { run, has } = data;
  const record = shaped(data.record);
  const details = found.data.details;
  const shown = { run, record, details, has, id, params, reload };
  const address = (name) => runAddress(id, name === "overview" ? "" : `?tab=${name}`);
  return html`<${Head} run=${run} has=${has} monitoring=${data.monitoring} reload=${reload} />
    ${error && html`<${ErrorBox} error=${error} />`}
    ${run.problem && html`<div class="box bad" data-testid="problem"><strong>The record is damaged.</strong> ${run.problem}</div>`}
    ${found.data.problem && html`<div class="box bad">${found.data.problem}</div>`}
    <${Tabs} tabs=${TABS} current=${tab} address=${address} label="Parts of the run" />
    <${Tab} name=${tab} shown=${shown} />`;
}

function Tab({ name, shown }) {
  switch (name) {
    case "training":
      return html`<${Training} ...${shown} />`;
    case "evaluation":
      return html`<${Evaluation} ...${shown} />`;
    case "data":
      return html`<${Data} ...${shown} />`;
    case "reproduce":
      return html`<${Reproduce} ...${shown} />`;
    case "log":
      return html`<${Text} key="log" id=${shown.id} path="tfx.log" fromEnd=${true} follow=${shown.run.status === "running"} />`;
    case "files":
      return html`<${Files} ...${shown} />`;
    case "neptune":
      return html`<${NeptuneRecord} ...${shown} />`;
    default:
      return html`<${Overview} ...${shown} />`;
  }
}

function Head({ run, has, monitoring, reload }) {
  return html`<div class="run-head">
    <div class="page-head">
      <h1 class="mono" data-testid="run-id">${run.id}</h1>
      <div aria-live="polite"><${Status} status=${run.status} /></div>
      ${run.archived && html`<span class="quiet" data-testid="archived">archived: lists leave it out</span>`}
      <div class="actions">
        <${Archive} run=${run} reload=${reload} />
        <${CompareWith} run=${run} />
        ${monitoring && html`<a class="button" href=${versionAddress(monitoring.model, monitoring.version)}>Monitoring</a>`}
        ${has["report.html"] &&
        html`<a class="button" href=${`/report/${encodeURIComponent(run.id)}`} target="_blank" rel="noopener">Report</a>`}
      </div>
    </div>
    <div class="meta">
      ${run.model && html`<span>${run.model}</span>`}
      ${run.started && html`<span>started <${Time} at=${run.started} /></span>`}
      <${Took} run=${run} />
      ${run.commit && html`<span>commit <${Hash} hash=${run.commit} label="Commit" />${run.dirty && html`<span class="dirty">${" + changes"}</span>`}</span>`}
      ${run.dataset && html`<span>data <${RunsOfData} hash=${run.dataset} /></span>`}
      <${Tags} run=${run} reload=${reload} />
    </div>
  </div>`;
}

// The data's hash, as a link to all runs that used it.
function RunsOfData({ hash }) {
  const where = new URLSearchParams({ where: `dataset == "${hash.replaceAll('"', "")}"` });
  return html`<a href=${`/?${where}`} title="All runs that used this data"><${Hash} hash=${hash} label="Content hash of the data" /></a>`;
}

function Took({ run }) {
  if (run.started === null || (run.finished === null && run.status !== "running")) return null;
  return html`<span>${run.status === "running" ? "for" : "took"} <${Duration} run=${run} /></span>`;
}

const LISTS = ["nodes", "anomalies", "warnings", "metrics", "refusals", "overrides"];
const OBJECTS = ["config", "code", "data", "environment", "rows", "hyperparameters", "trained", "failure", "cloud"];

// The record with a list where there should be one, and so on, whatever the file holds.
function shaped(record) {
  const safe = { ...record };
  for (const key of LISTS) safe[key] = list(record[key], key === "overrides" ? "string" : "object");
  for (const key of OBJECTS) safe[key] = isObject(record[key]) ? record[key] : null;
  for (const key of ["config", "code", "environment", "rows", "hyperparameters", "cloud"]) safe[key] ??= {};
  if (!isObject(safe.code.files)) safe.code = { ...safe.code, files: {} };
  safe.nodes = safe.nodes.map((node) => ({
    ...node,
    name: String(node.name),
    upstream: list(node.upstream, "string"),
    seconds: typeof node.seconds === "number" ? node.seconds : null,
  }));
  return safe;
}

function list(value, kind) {
  return Array.isArray(value) ? value.filter((item) => typeof item === kind && item !== null) : [];
}
