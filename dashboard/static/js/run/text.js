// A text file's end, which follows the file as it grows; earlier parts on demand.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib.js";
import { ask, runApi, ServerError } from "../api.js";
import { ErrorBox, Loading } from "../parts/basic.js";
import * as format from "../format.js";

const KEPT = 2_000_000; // Characters; what is further from the end is dropped while following.

const PICTURE = /\.(png|jpe?g|gif|webp)$/i;

// A file as far as a browser can show it: a picture, or text.
export function Content({ id, path }) {
  if (!PICTURE.test(path)) return html`<${Text} id=${id} path=${path} follow=${false} />`;
  return html`<figure class="picture"><figcaption>${path}<a href=${fileAddress(id, path)} download>Download</a></figcaption>
    <img src=${fileAddress(id, path)} alt=${path} /></figure>`;
}

// `fromEnd`: what is shown first is the last lines.
export function Text({ id, path, follow, fromEnd = false }) {
  const [part, setPart] = useState(null);
  const [error, setError] = useState(null);
  const [following, setFollowing] = useState(follow);
  const now = useRef(null);
  const box = useRef(null);
  const read = (question) =>
    ask(runApi(id, `/text?path=${encodeURIComponent(path)}${question}`)).then((answer) => answer.content);

  function show(next) {
    now.current = next;
    setPart(next);
  }

  useEffect(() => {
    let stopped = false;
    let timer = null;
    async function step() {
      try {
        const before = now.current;
        const next = await read(before ? `&from=${before.end}` : "");
        if (stopped) return;
        setError(null);
        const goesOn = before && next.start === before.end;
        show(goesOn ? { ...next, text: (before.text + next.text).slice(-KEPT), start: before.start } : next);
        if (goesOn && next.end < next.size && next.text) return void step();
      } catch (problem) {
        if (!stopped && problem instanceof ServerError) setError(problem.told);
      }
      if (!stopped && following) timer = setTimeout(step, 1500);
    }
    step();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [id, path, following]);

  useEffect(() => setFollowing(follow), [follow]);

  const seen = useRef(false);
  useLayoutEffect(() => {
    if (!box.current) return;
    if (following || (fromEnd && !seen.current)) box.current.scrollTop = box.current.scrollHeight;
    seen.current = true;
  }, [part, following]);

  async function earlier() {
    const before = await read(`&before=${part.start}`);
    const height = box.current.scrollHeight;
    show({ ...part, text: before.text + part.text, start: before.start });
    requestAnimationFrame(() => {
      if (box.current) box.current.scrollTop += box.current.scrollHeight - height;
    });
  }

  if (error && !part) return html`<${ErrorBox} error=${error} />`;
  if (!part) return html`<${Loading} />`;
  return html`<div class="text-view">
    <div class="row">
      <label><input type="checkbox" checked=${following} onChange=${(event) => setFollowing(event.currentTarget.checked)} /> Follow the end</label>
      ${part.start > 0 && html`<button type="button" onClick=${earlier}>Show earlier lines</button>`}
      <span class="quiet">${path}, ${format.bytes(part.size)}${part.start > 0 ? `, from ${format.bytes(part.start)}` : ""}</span>
      <a href=${fileAddress(id, path)} download>Download</a>
    </div>
    ${part.binary && html`<p class="quiet">This is not a text file.</p>`}
    <pre ref=${box} tabindex="0" class="text" aria-label=${`Content of ${path}`} data-testid="text">${part.text}${part.partial}</pre>
  </div>`;
}

export function fileAddress(id, path) {
  return `/files/${encodeURIComponent(id)}/${path.split("/").map(encodeURIComponent).join("/")}`;
}
