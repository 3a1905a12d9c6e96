// Markdown as elements. The text is only parsed by the library: its HTML is text here, links lead to
// web pages and mail alone, and pictures are links, so that nothing is loaded from elsewhere.
import { html, useMemo } from "../lib.js";
import { marked } from "../../vendor/marked.js";

export function Markdown({ text }) {
  const tokens = useMemo(() => parsed(text), [text]);
  return html`<div class="markdown">${tokens === null ? html`<p class="prose">${text}</p>` : tokens.map(element)}</div>`;
}

// Null for what is nested too deeply to be read.
function parsed(text) {
  try {
    return marked.lexer(text, { gfm: true, breaks: true });
  } catch {
    return null;
  }
}

function inside(token) {
  return token.tokens ? token.tokens.map(element) : token.text;
}

function element(token, key) {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      const Level = `h${Math.min(token.depth + 2, 6)}`;
      return html`<${Level} key=${key}>${inside(token)}<//>`;
    }
    case "paragraph":
      return html`<p key=${key}>${inside(token)}</p>`;
    case "blockquote":
      return html`<blockquote key=${key}>${inside(token)}</blockquote>`;
    case "list": {
      const List = token.ordered ? "ol" : "ul";
      return html`<${List} key=${key} start=${token.ordered && token.start !== "" ? token.start : null}>
        ${token.items.map((item, place) => html`<li key=${place}>${item.task && (item.checked ? "☑ " : "☐ ")}${inside(item)}</li>`)}
      <//>`;
    }
    case "checkbox":
      return null; // Its item has it.
    case "code":
      return html`<pre key=${key} tabindex="0"><code>${token.text}</code></pre>`;
    case "hr":
      return html`<hr key=${key} />`;
    case "table":
      return html`<div key=${key} class="scroll" tabindex="0" role="region" aria-label="Table in the note"><table>
        <thead><tr>${token.header.map((cell, place) => html`<th key=${place}>${inside(cell)}</th>`)}</tr></thead>
        <tbody>${token.rows.map((row, number) => html`<tr key=${number}>${row.map((cell, place) => html`<td key=${place}>${inside(cell)}</td>`)}</tr>`)}</tbody>
      </table></div>`;
    case "strong":
      return html`<strong key=${key}>${inside(token)}</strong>`;
    case "em":
      return html`<em key=${key}>${inside(token)}</em>`;
    case "del":
      return html`<del key=${key}>${inside(token)}</del>`;
    case "codespan":
      return html`<code key=${key}>${token.text}</code>`;
    case "br":
      return html`<br key=${key} />`;
    case "link":
    case "image":
      return isSafe(token.href) ? html`<a key=${key} href=${token.href} target="_blank" rel="noopener noreferrer nofollow">${inside(token)}</a>` : token.raw;
    case "text":
      return html`<span key=${key}>${inside(token)}</span>`;
    case "escape":
      return token.text;
    default:
      return token.raw;
  }
}

function isSafe(href) {
  try {
    const { protocol } = new URL(href, location.origin);
    return ["http:", "https:", "mailto:"].includes(protocol);
  } catch {
    return false;
  }
}
