import { html } from "../lib.js";
export function ModelsPage() { return html`<h1>models</h1>`; }
