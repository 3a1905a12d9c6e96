import { html } from "../lib.js";
export function ComparePage() { return html`<h1>compare</h1>`; }
