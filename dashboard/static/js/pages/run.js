import { html } from "../lib.js";
export function RunPage() { return html`<h1>run</h1>`; }
