// Two or more runs side by side. The first one is what the others are compared with.
import { html, useEffect, useState } from "../lib.js";
import { ask, runApi, ServerError } from "../api.js";
import { Tabs } from "../parts/basic.js";
import { withParams } from "../router.js";
import { Picker } from "../compare/picker.js";
import { Parameters } from "../compare/parameters.js";
import { Curves } from "../compare/curves.js";
import { Slices } from "../compare/slices.js";
import { ComparedData } from "../compare/data.js";
import { ComparedPlots } from "../compare/plots.js";
import { Code } from "../compare/code.js";

const TABS = [
  ["parameters", "Parameters and metrics"],
  ["curves", "Curves"],
  ["slices", "Slices"],
  ["plots", "Plots"],
  ["data", "Data"],
  ["code", "Code"],
];
const SECONDS = 2;

export function ComparePage({ params }) {
  const ids = [...new Set((params.get("runs") ?? "").split(",").map(decodeURIComponentSafely).filter(Boolean))];
  const tab = params.get("tab") ?? "parameters";
  const { runs, problems } = useRuns(ids);
  useEffect(() => {
    document.title = `Compare ${ids.length} runs`;
  }, [ids.length]);
  const address = (name) => withParams({ tab: name === "parameters" ? null : name });
  return html`<div class="page-head"><h1>Compare</h1></div>
    <${Picker} ids=${ids} runs=${runs} problems=${problems} />
    ${runs.length > 0 &&
    html`<${Tabs} tabs=${TABS} current=${tab} address=${address} label="Parts of the comparison" />
      <${Tab} name=${tab} runs=${runs} params=${params} />`}
    ${ids.length < 2 && html`<p class="quiet">Choose ${ids.length === 0 ? "two runs" : "another run"} above, or select runs in <a href="/">the list</a>.</p>`}`;
}

function Tab({ name, runs, params }) {
  if (name === "curves") return html`<${Curves} runs=${runs} params=${params} />`;
  if (name === "slices") return html`<${Slices} runs=${runs} params=${params} />`;
  if (name === "plots") return html`<${ComparedPlots} runs=${runs} params=${params} />`;
  if (name === "data") return html`<${ComparedData} runs=${runs} params=${params} />`;
  if (name === "code") return html`<${Code} runs=${runs} params=${params} />`;
  return html`<${Parameters} runs=${runs} params=${params} />`;
}

// Each run's row, record and details, asked again while any of them runs.
function useRuns(ids) {
  const [found, setFound] = useState({ runs: [], problems: new Map() });
  const key = JSON.stringify(ids);
  useEffect(() => {
    let stopped = false;
    let timer = null;
    const kept = new Map();
    async function get(address) {
      const before = kept.get(address);
      const answer = await ask(address, { tag: before?.tag });
      if (!answer.unchanged) kept.set(address, answer);
      return kept.get(address).content;
    }
    async function poll() {
      const problems = new Map();
      const answers = await Promise.all(
        ids.map(async (id) => {
          try {
            const [one, details] = await Promise.all([get(runApi(id)), get(runApi(id, "/details"))]);
            return { id, run: one.run, record: one.record, details: details.details };
          } catch (error) {
            problems.set(id, error instanceof ServerError ? error.told.headline : "The server does not answer");
            return null;
          }
        }),
      );
      if (stopped) return;
      const runs = answers.filter(Boolean);
      setFound({ runs, problems });
      const again = problems.size > 0 || runs.some((one) => one.run.status === "running");
      if (again) timer = setTimeout(poll, SECONDS * 1000);
    }
    poll();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [key]);
  return found;
}

function decodeURIComponentSafely(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
