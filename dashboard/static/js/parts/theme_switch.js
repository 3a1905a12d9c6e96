// Light, dark, or as the system says.
import { html, useState } from "../lib.js";

const THEMES = [
  ["system", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export function ThemeSwitch() {
  const [theme, setTheme] = useState(window.dashboardTheme.get());
  function choose(event) {
    window.dashboardTheme.set(event.currentTarget.value);
    setTheme(event.currentTarget.value);
  }
  return html`<label class="theme">
    <span class="hidden">Colours</span>
    <select value=${theme} onChange=${choose}>
      ${THEMES.map(([value, title]) => html`<option key=${value} value=${value}>${title}</option>`)}
    </select>
  </label>`;
}
