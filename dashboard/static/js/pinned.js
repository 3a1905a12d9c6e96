// The run that somebody pinned as the baseline of a model: comparisons of the model's runs begin with it.
import { useEffect, useState } from "./lib.js";

const KEY = "dashboard.pinned";
const CHANGED = "pinnedchange";

function all() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof found === "object" && found !== null && !Array.isArray(found) ? found : {};
  } catch {
    return {};
  }
}

// The pinned run of a model, or null.
export function pinnedOf(model) {
  const found = Object.hasOwn(all(), model) ? all()[model] : null;
  return typeof found === "string" && found ? found : null;
}

// Pins a run; null pins none.
export function pin(model, id) {
  const { [model]: _, ...others } = all();
  try {
    localStorage.setItem(KEY, JSON.stringify(id === null ? others : { ...others, [model]: id }));
  } catch {
    // Without storage nothing is remembered.
  }
  window.dispatchEvent(new Event(CHANGED));
}

// The runs with the pinned ones of their models before them. An id begins with its model's name.
export function withPinned(ids) {
  const models = Object.keys(all()).filter((model) => ids.some((id) => id.startsWith(`${model}-`)));
  const first = models.map(pinnedOf).filter((id) => id !== null);
  return [...first, ...ids.filter((id) => !first.includes(id))];
}

export function usePinned(model) {
  const [id, setId] = useState(pinnedOf(model));
  useEffect(() => {
    const update = () => setId(pinnedOf(model));
    update();
    window.addEventListener(CHANGED, update);
    return () => window.removeEventListener(CHANGED, update);
  }, [model]);
  return id;
}
