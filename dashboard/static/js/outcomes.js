// The words of an outcome: the table that the terminal and the report have as well.
const OUTCOMES = new Map(Object.entries(await (await fetch("/static/outcomes.json")).json()));

// A status that is not in the table, such as a node's, is its own label.
export function outcomeOf(status) {
  return OUTCOMES.get(status) ?? { label: status, tone: status === "done" ? "good" : "", headline: status };
}

// The headline, with the node, and that the model was pushed, if known and if it matters.
export function headlineOf(status, node, pushed = false) {
  const { headline, headline_in_node: inNode, headline_after_push: afterPush } = outcomeOf(status);
  if (pushed && afterPush) return afterPush;
  return node && inNode ? inNode.replace("{node}", () => node) : headline;
}
