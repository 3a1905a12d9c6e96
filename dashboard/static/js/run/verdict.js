// A run's outcome in words.
import * as format from "../format.js";
import { headlineOf, outcomeOf } from "../outcomes.js";

export function verdictOf(run, record) {
  return {
    tone: outcomeOf(run.status).tone,
    headline: headlineOf(run.status, record.failure?.node, run.pushed_version !== null),
    lines: linesOf(run, record).filter((line) => typeof line === "string" && line),
  };
}

function linesOf(run, record) {
  const { headline, detail, remedy } = record.failure ?? {};
  const failure = [headline, detail, remedy];
  const running = record.nodes.filter((node) => node.status === "running").map((node) => node.name);
  switch (run.status) {
    case "running":
      return [`${run.nodes_over} of ${run.nodes} nodes have ended${running.length ? `, and ${running.join(", ")} is running` : ""}.`];
    case "pushed":
      return [`Version ${run.pushed_version ?? "unknown"}`, record.pushed_to];
    case "partial":
      return [`Up to and including ${record.to}.`];
    case "not_blessed":
      return record.refusals.map((refusal) => missedBound(refusal, record.metrics));
    case "died":
      return [
        `${run.nodes_over} of ${run.nodes} nodes had ended${running.length ? `, and ${running.join(", ")} was running` : ""}.`,
        "What it wrote before is here; the end of the log may say more.",
        ...failure,
      ];
    default:
      return failure;
  }
}

function missedBound({ metric, slice, value, bound }, measured) {
  const { at_least: least, at_most: most } = measured.find((one) => one.metric === metric && one.slice === slice) ?? {};
  const shown = typeof value === "number" ? format.metric(value, String(metric), least, most) : "undefined";
  return `${metric} ${slice === "overall" ? "on all rows" : `on ${slice}`} is ${shown}; expected ${bound}.`;
}
