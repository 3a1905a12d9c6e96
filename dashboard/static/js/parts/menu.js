// A button that opens a panel; Escape, and a click or the focus elsewhere, close it.
import { html, useEffect, useRef } from "../lib.js";

export function Menu({ title, testid, onToggle, children }) {
  const menu = useRef(null);
  useEffect(() => {
    const elsewhere = (event) => {
      if (!menu.current.contains(event.target)) menu.current.open = false;
    };
    const escape = (event) => {
      if (event.key !== "Escape" || !menu.current.open) return;
      menu.current.open = false;
      menu.current.querySelector("summary").focus();
    };
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("focusin", elsewhere);
      document.removeEventListener("keydown", escape);
    };
  }, []);
  return html`<details class="menu" ref=${menu} data-testid=${testid} onToggle=${(event) => onToggle?.(event.currentTarget.open)}>
    <summary>${title}</summary>
    <div class="menu-body">${children}</div>
  </details>`;
}
