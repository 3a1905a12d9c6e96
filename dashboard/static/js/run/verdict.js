// A run's outcome in words.
import * as format from "../format.js";

export function verdictOf(run, record) {
  const failure = record.failure;
  const told = failure ? [failure.headline, failure.detail, failure.remedy].filter((line) => typeof line === "string" && line) : [];
  const running = record.nodes.filter((node) => node.status === "running").map((node) => node.name);
  switch (run.status) {
    case "running":
      return {
        tone: "",
        headline: running.length ? `Running: ${running.join(", ")}` : "Starting",
        lines: [`${run.nodes_over} of ${run.nodes} nodes are over.`],
      };
    case "pushed":
      return {
        tone: "good",
        headline: `Blessed, and pushed as version ${run.pushed_version ?? "(unknown)"}`,
        lines: [record.pushed_to].filter(Boolean).map(String),
      };
    case "refused":
      return { tone: "bad", headline: "Not blessed, so nothing was pushed", lines: record.refusals.map(refusal) };
    case "stopped":
      return { tone: "bad", headline: "Stopped on anomalous data; nothing was trained", lines: told };
    case "failed":
      return { tone: "bad", headline: failure?.node ? `Failed in ${failure.node}` : "Failed", lines: told };
    case "interrupted":
      return { tone: "warn", headline: "Interrupted", lines: told };
    case "died":
      return {
        tone: "bad",
        headline: running.length ? `Died in ${running.join(", ")}` : "Died",
        lines: ["Its process is gone and left no word. What it wrote before is here; the end of the log may say more.", ...told],
      };
    default:
      return { tone: "bad", headline: "What became of this run cannot be read", lines: [] };
  }
}

function refusal(one) {
  const value = typeof one.value === "number" ? format.metric(one.value) : "undefined";
  const where = one.slice === "overall" ? "on all rows" : `on ${one.slice}`;
  return `${one.metric} ${where} is ${value}; the bound is ${one.bound}.`;
}
