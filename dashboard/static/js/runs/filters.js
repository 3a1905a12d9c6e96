// Search by text, and by an expression; a mistake in it is told in words, with its place.
import { html, useEffect, useRef, useState } from "../lib.js";
import { setParams, withParams } from "../router.js";

const PAUSE = 250; // Milliseconds after the last keystroke until the list follows.

function Field({ name, label, params, placeholder, describedBy, invalid, wide }) {
  const given = params.get(name) ?? "";
  const [value, setValue] = useState(given);
  const typed = useRef(given);
  const timer = useRef(null);
  useEffect(() => {
    if (given !== typed.current) {
      typed.current = given;
      setValue(given);
    }
  }, [given]);
  function send(next, replace) {
    clearTimeout(timer.current);
    typed.current = next;
    setParams({ [name]: next, page: null }, { replace });
  }
  function onInput(event) {
    const next = event.currentTarget.value;
    setValue(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(next, true), PAUSE);
  }
  return html`<label class=${`field ${wide ? "wide" : ""}`}>
    <span>${label}</span>
    <input
      type="search"
      name=${name}
      value=${value}
      onInput=${onInput}
      onKeyDown=${(event) => event.key === "Enter" && send(value, false)}
      placeholder=${placeholder}
      autocomplete="off"
      spellcheck="false"
      aria-invalid=${invalid ? "true" : null}
      aria-describedby=${describedBy}
    />
  </label>`;
}

export function Filters({ params, error }) {
  const where = params.get("where") ?? "";
  const wrong = error && error.start !== undefined ? error : null;
  return html`<form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      <${Field} name="text" label="Search" params=${params} placeholder="id, model, tag, note, commit" />
      <${Field}
        name="where"
        label="Filter"
        params=${params}
        placeholder="auc > 0.8 and blessed"
        describedBy="filter-help"
        invalid=${wrong !== null}
        wide=${true}
      />
    </form>
    <div id="filter-help" class="filter-help">
      <div role="alert">
        ${wrong &&
        html`<div class="box bad" data-testid="filter-error">
          <strong>${wrong.headline}.</strong> ${wrong.remedy}
          <pre aria-hidden="true">${where + "\n" + " ".repeat(wrong.start) + "^".repeat(Math.max(wrong.end - wrong.start, 1))}</pre>
          <span class="hidden">${wrong.detail}</span>
        </div>`}
        ${error && !wrong && html`<div class="box bad"><strong>${error.headline}</strong> ${error.detail}</div>`}
      </div>
      <${Help} />
    </div>`;
}

const EXAMPLES = [
  'auc > 0.93 and status != "failed"',
  "hyperparameters.units in [32, 64]",
  'metrics["odd name"] < 1 or not blessed',
  '"candidate" in tags and "dropout" in note',
  'started >= "2026-11-01" and duration < "5 min"',
];
const FIELDS =
  "status, model, started, duration, blessed, version, commit, dirty, dataset, tags, note, failure, id";

function Help() {
  return html`<details>
    <summary>How to filter</summary>
    <p>
      Compare metrics, hyperparameters and fields; join comparisons by and, or, not, and brackets. Names are the same
      in upper and lower case. A comparison with a value that a run does not have is false.
    </p>
    <ul>
      ${EXAMPLES.map((text) => html`<li key=${text}><a href=${withParams({ where: text, page: null })}><code>${text}</code></a></li>`)}
    </ul>
    <p>Fields: ${FIELDS}.</p>
  </details>`;
}
