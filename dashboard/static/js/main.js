// Draws the frame of every page, and the page that the address names.
import { html, render, useEffect, useRef } from "./lib.js";
import { followLinks, useRoute } from "./router.js";
import { useReachable } from "./api.js";
import { ThemeSwitch } from "./parts/theme_switch.js";
import { RunsPage } from "./pages/runs.js";
import { RunPage } from "./pages/run.js";
import { ComparePage } from "./pages/compare.js";
import { RelationsPage } from "./pages/relations.js";
import { ModelsPage } from "./pages/models.js";
import { MonitoringPage } from "./pages/monitoring.js";

const PLACES = [
  ["/", "Runs", ["", "runs"]],
  ["/relations", "Relations", ["relations"]],
  ["/compare", "Compare", ["compare"]],
  ["/models", "Models", ["models"]],
  ["/monitoring", "Monitoring", ["monitoring"]],
];

function Page({ route }) {
  const [first, second, third] = route.path;
  const depth = route.path.length;
  if (depth === 0 || (depth === 1 && first === "runs")) return html`<${RunsPage} params=${route.params} />`;
  if (first === "runs" && depth === 2) return html`<${RunPage} key=${second} id=${second} params=${route.params} />`;
  if (first === "relations" && depth === 1) return html`<${RelationsPage} params=${route.params} />`;
  if (first === "compare" && depth === 1) return html`<${ComparePage} params=${route.params} />`;
  if (first === "models" && depth === 1) return html`<${ModelsPage} params=${route.params} />`;
  if (first === "monitoring" && (depth === 1 || (depth === 3 && third))) return html`<${MonitoringPage} path=${route.path} params=${route.params} />`;
  return html`<${NoSuchPage} />`;
}

function NoSuchPage() {
  useEffect(() => {
    document.title = "No such page";
  }, []);
  return html`<h1>There is no such page</h1>
    <p>Nothing is at <code>${location.pathname}</code>. <a href="/">All runs</a></p>`;
}

function App() {
  const route = useRoute();
  const reachable = useReachable();
  const content = useRef(null);
  const place = route.path.join("/");
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    window.scrollTo(0, 0);
    content.current.focus({ preventScroll: true });
  }, [place]);
  const here = route.path[0] ?? "";
  return html`<header class="top">
      <a class="brand" href="/">Pipeline runs</a>
      <nav aria-label="Main">
        ${PLACES.map(
          ([address, title, firsts]) =>
            html`<a key=${address} href=${address} aria-current=${firsts.includes(here) ? "page" : null}>${title}</a>`,
        )}
      </nav>
      <${ThemeSwitch} />
    </header>
    <div aria-live="assertive">
      ${!reachable &&
      html`<div class="offline" data-testid="offline">
        The server does not answer. What is shown may be old; it goes on by itself once
        <code>python -m dashboard</code> runs again.
      </div>`}
    </div>
    <main id="content" tabindex="-1" ref=${content}><${Page} route=${route} /></main>`;
}

const root = document.getElementById("app");
followLinks(root);
render(html`<${App} />`, root);
