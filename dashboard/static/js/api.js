// Asks the server, once or again and again, and knows whether it still answers.
import { useEffect, useRef, useState } from "./lib.js";

export class ServerError extends Error {
  constructor(told) {
    super(told.headline);
    this.told = told;
  }
}

let reachable = true;
const listeners = new Set();

function setReachable(value) {
  if (value === reachable) return;
  reachable = value;
  for (const listener of listeners) listener(value);
}

// Whether the last request was answered at all.
export function useReachable() {
  const [value, setValue] = useState(reachable);
  useEffect(() => {
    listeners.add(setValue);
    return () => listeners.delete(setValue);
  }, []);
  return value;
}

// The answer's JSON, or `unchanged` if the server says that `tag` names what there still is.
export async function ask(address, { tag = null, ...options } = {}) {
  const headers = { ...options.headers, ...(tag ? { "If-None-Match": tag } : {}) };
  let response;
  try {
    response = await fetch(address, { cache: "no-store", ...options, headers });
  } catch (error) {
    if (error.name !== "AbortError") setReachable(false);
    throw error;
  }
  setReachable(true);
  if (response.status === 304) return { unchanged: true };
  const content = await response.json().catch(() => null);
  if (!response.ok) {
    const headline = `The server answered with status ${response.status}`;
    throw new ServerError(content?.error ?? { headline, detail: "", remedy: "" });
  }
  return { content, tag: response.headers.get("ETag") };
}

export function runApi(id, rest = "") {
  return `/api/runs/${encodeURIComponent(id)}${rest}`;
}

// What an address answers, asked again every `seconds` while the page is looked at. `address` may be
// null: nothing is asked. `data` stays that of the last answer while a new address is asked.
export function useLive(address, seconds = 2) {
  const [state, setState] = useState({ data: null, error: null, address: null });
  const again = useRef(() => {});
  useEffect(() => {
    if (address === null) return undefined;
    const abort = new AbortController();
    let tag = null;
    let timer = null;
    async function poll() {
      clearTimeout(timer);
      if (!document.hidden) {
        try {
          const answer = await ask(address, { tag, signal: abort.signal });
          if (!answer.unchanged) {
            tag = answer.tag;
            setState({ data: answer.content, error: null, address });
          }
        } catch (error) {
          if (abort.signal.aborted) return;
          tag = null;
          if (error instanceof ServerError) {
            setState((before) => ({ ...before, error: error.told, address }));
          }
        }
      }
      if (!abort.signal.aborted) timer = setTimeout(poll, seconds * 1000);
    }
    again.current = poll;
    const onVisible = () => !document.hidden && poll();
    document.addEventListener("visibilitychange", onVisible);
    poll();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [address, seconds]);
  return { ...state, current: state.address === address, reload: () => again.current() };
}
