// Search by text, and by an expression; a mistake in it is told in words, with its place.
import { html, useEffect, useRef, useState } from "../lib.js";
import { setParams } from "../router.js";
import { Help } from "./help.js";

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

export function Filters({ params, error, columns, runs }) {
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
      <${Help} columns=${columns} runs=${runs} />
    </div>`;
}
