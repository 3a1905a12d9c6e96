// How to filter, with examples that fit the runs that are there.
import { html, useState } from "../lib.js";
import { useLive } from "../api.js";
import { withParams } from "../router.js";

const KEYWORDS = /^(and|or|not|in|is|if|else|for|while|lambda|class|from|import|global|pass|def|return|with|as|try|none|true|false)$/i;

// A name as it stands in a filter, behind its group's.
function named(group, name) {
  const plain = name.split(".").every((part) => /^[A-Za-z_]\w*$/.test(part) && !KEYWORDS.test(part));
  return plain ? `${group}.${name}` : `${group}[${quoted(name)}]`;
}

function quoted(text) {
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

// `columns` are those of the list or, once they have been asked for, all; `runs` are the shown ones.
export function examples(columns, runs) {
  const metric = columns.metrics.find((name) => !name.endsWith("Count"));
  const setting = columns.hyperparameters.map((name) => [name, runs.find((run) => name in run.hyperparameters)?.hyperparameters[name]]).find(([, value]) => typeof value === "number");
  const commit = runs.find((run) => run.commit)?.commit;
  const slice = columns.slices?.find((name) => !name.endsWith("Count"));
  const dot = slice?.lastIndexOf(".");
  const epochs = columns.config?.includes("training.epochs");
  return [
    metric && `${named("metrics", metric)} > 0.9 and status != "failed"`,
    setting && `${named("hyperparameters", setting[0])} in [${setting[1]}] or not blessed`,
    'status in ["failed", "died"]',
    '"candidate" in tags or "dropout" in note',
    'started > "3 days ago" and duration < "5 min"',
    'started >= "2026-11-01"',
    commit && `commit == "${commit.slice(0, 8)}"`,
    slice && `${named(`slices[${quoted(slice.slice(0, dot))}]`, slice.slice(dot + 1))} < 0.9`,
    epochs && 'config.training.epochs > 5 or "training.epochs" in overrides',
    columns.rows?.includes("train") && "rows.train > 1000",
  ].filter(Boolean);
}

export function Help({ columns, runs }) {
  const [open, setOpen] = useState(false);
  const { data } = useLive(open ? "/api/columns" : null, 60);
  const known = { metrics: [], hyperparameters: [], ...columns, ...data };
  return html`<details onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>How to filter</summary>
    <p>
      Compare fields, metrics, hyperparameters, keys of the config, rows of splits and metrics of slices; join comparisons
      by and, or, not, and brackets. Names are the same in upper and lower case. A comparison with a value that a run does
      not have is false. The menu Columns has the names.
    </p>
    <ul data-testid="filter-examples">
      ${examples(known, runs).map((text) => html`<li key=${text}><a href=${withParams({ where: text, page: null })}><code>${text}</code></a></li>`)}
    </ul>
    ${data && html`<p>Fields: ${data.fields.join(", ")}.</p>`}
  </details>`;
}
