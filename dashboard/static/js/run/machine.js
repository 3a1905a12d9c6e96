// What the run took of its machine while it went on.
import { html } from "../lib.js";
import { runApi, useLive } from "../api.js";
import { LineChart } from "../charts/line_chart.js";
import { isObject } from "../parts/trees.js";
import * as format from "../format.js";

const LIVE = 3; // Seconds between questions while the run goes,
const AT_REST = 60; // and when it is over.
const GIGABYTE = 1e9;

export function Machine({ id, running }) {
  const { data } = useLive(runApi(id, "/machine"), running ? LIVE : AT_REST);
  const use = data?.machine;
  if (data?.problem) return html`<section><h2 id="machine">Machine</h2><div class="box bad">${data.problem}</div></section>`;
  const seconds = numbers(use?.seconds);
  if (seconds.length === 0) return null;
  const line = (label, values, color, scale = 1) => ({
    label,
    color,
    dashed: color === 2,
    values: seconds.map((at, place) => [at, values?.[place]]).filter(([, value]) => typeof value === "number").map(([at, value]) => [at, value / scale]),
  });
  const gpus = Array.isArray(use.gpus) ? use.gpus.filter(isObject) : [];
  return html`<section data-testid="machine">
    <h2 id="machine">Machine</h2>
    <p class="quiet">${format.plural(Number(use.processors) || 0, "processor")}, ${format.bytes(use.memory_total)} of memory${gpus.map((gpu) => `, ${gpu.name} with ${format.bytes(gpu.memory_total)}`)}.</p>
    <div class="charts">
      <${LineChart} title="Processors kept busy" xLabel="second" height=${180} lines=${[line("this run", use.cpu, 1), line("the machine", use.machine_cpu, 2)]} />
      <${LineChart} title="Memory in GB" xLabel="second" height=${180} lines=${[line("this run", use.memory, 1, GIGABYTE), line("the machine", use.machine_memory, 2, GIGABYTE)]} />
      ${gpus.map((gpu, place) => html`<${LineChart} key=${`busy ${place}`} title=${`GPU ${place}: share of time busy`} xLabel="second" height=${180} lines=${[line(String(gpu.name), gpu.busy, 1)]} />
        <${LineChart} key=${`memory ${place}`} title=${`GPU ${place}: memory in GB`} xLabel="second" height=${180} lines=${[line(String(gpu.name), gpu.memory, 1, GIGABYTE)]} />`)}
    </div>
  </section>`;
}

function numbers(values) {
  return Array.isArray(values) && values.every((value) => typeof value === "number") ? values : [];
}
