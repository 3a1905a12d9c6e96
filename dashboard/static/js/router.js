// The address is the state of the page: a path and parameters, so that links can be shared.
import { useEffect, useRef, useState } from "./lib.js";
import { withPinned } from "./pinned.js";

const CHANGED = "routechange";

function current() {
  const path = location.pathname.split("/").filter(Boolean).map(decoded);
  return { path, params: new URLSearchParams(location.search) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// The route, drawn anew whenever it changes.
export function useRoute() {
  const [route, setRoute] = useState(current);
  const drawn = useRef(location.href);
  useEffect(() => {
    const update = () => setRoute(current());
    window.addEventListener("popstate", update);
    window.addEventListener(CHANGED, update);
    // The effects of what is drawn inside run before this one, and may have changed the address.
    if (location.href !== drawn.current) update();
    return () => {
      window.removeEventListener("popstate", update);
      window.removeEventListener(CHANGED, update);
    };
  }, []);
  return route;
}

export function navigate(address, { replace = false } = {}) {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  window.dispatchEvent(new Event(CHANGED));
}

// The present address with some parameters changed; null or "" removes one.
export function withParams(changes) {
  const params = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") params.delete(name);
    else params.set(name, value);
  }
  const text = params.toString().replaceAll("%2C", ",");
  return location.pathname + (text ? `?${text}` : "");
}

// `replace` for what changes with each keystroke, so that "back" leads to the page before.
export function setParams(changes, { replace = false } = {}) {
  navigate(withParams(changes), { replace });
}

export function runAddress(id, params = "") {
  return `/runs/${encodeURIComponent(id)}${params}`;
}

// The first run is what the others are compared with: the pinned baseline of the model, if there is one.
export function compareAddress(ids) {
  return `/compare?runs=${withPinned(ids).map(encodeURIComponent).join(",")}`;
}

// Links within the dashboard change the page without loading it anew.
export function followLinks(root) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || link.target || link.hasAttribute("download") || event.defaultPrevented) return;
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const to = new URL(link.href);
    if (to.origin !== location.origin || /^\/(files|report|api|static)\//.test(to.pathname)) return;
    if (link.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    navigate(to.pathname + to.search);
  });
}
