// How a run was made, and how to make it again.
import { html } from "../lib.js";
import { Copyable, Facts } from "../parts/basic.js";
import { runAddress } from "../router.js";
import * as format from "../format.js";
import { indented } from "../parts/trees.js";

export function Reproduce({ record, id, has }) {
  const { commit, dirty, files } = record.code;
  return html`<h2>Make it again</h2>
    <${Copyable} text=${steps(record)} />
    ${dirty &&
    html`<p class="box warn">
      The working tree had changes that the commit does not have. The model's files as the run used them are in the
      folder ${html`<code>code</code>`} of its run folder.
    </p>`}
    <div class="columns">
      <section>
        <h2>Code</h2>
        <${Facts} rows=${[["Commit", commit ? html`<code>${commit}</code>` : "not in a git repository"], ["Uncommitted changes", dirty ? "yes" : "no"]]} />
        <ul class="plain">
          ${Object.entries(files).map(
            ([path, hash]) => html`<li key=${path}>
              ${path.startsWith(`models/${record.model}/`)
                ? html`<a class="run-link" href=${runAddress(id, `?tab=files&file=${encodeURIComponent(`code/${path}`)}`)}>${path}</a>`
                : html`<code>${path}</code>`}
              ${" "}<code class="hash" title=${String(hash)}>${format.short(hash)}</code>
            </li>`,
          )}
        </ul>
        <h2>Data</h2>
        <${Facts} rows=${dataFacts(record.data)} />
        <h2>Environment</h2>
        <${Facts} rows=${Object.entries(record.environment).map(([name, value]) => [name, format.anything(value)])} />
      </section>
      <section>
        <h2>Config</h2>
        <pre class="config">${indented(record.config) || "not recorded"}</pre>
        <p class="quiet">Settings that are null or empty are left out.</p>
      </section>
    </div>
    ${has["tfx.log"] && html`<p><a href=${runAddress(id, "?tab=log")}>TFX's log</a></p>`}`;
}

function steps(record) {
  const lines = record.code.commit ? [`git checkout ${record.code.commit}`] : [];
  const command = typeof record.command === "string" && record.command;
  return [...lines, command || `python -m pipeline run ${record.model}${settings(record.overrides)}`].join("\n");
}

function settings(overrides) {
  return overrides.map((text) => ` --set '${text.replaceAll("'", `'\\''`)}'`).join("");
}

function dataFacts(data) {
  if (!data) return [["Data", "not read yet"]];
  return [
    ["Path", data.path],
    ["Spans", data.spans],
    ["Content hash", data.hash && html`<code>${data.hash}</code>`],
    ["Schema hash", data.schema_hash && html`<code>${data.schema_hash}</code>`],
    ["Columns", format.number(data.columns)],
  ];
}
