"""How a node stands in its run, in a word."""

from __future__ import annotations

from pipeline.nodes import PUSHER
from pipeline.record.run_record import Node, RunRecord

INTERRUPTED = "interrupted"
NOT_PUSHED = "not pushed"


def node_state(node: Node, record: RunRecord) -> str:
    """The node's status, or what the run says beyond it.

    Returns:
        `queued`, `running`, `done`, `cached` or `failed`; `interrupted` where the run was, and
        `not pushed` for a Pusher that had no blessing to go by, which TFX counts as done.
    """
    if node.status == "failed" and record.status == "interrupted":
        return INTERRUPTED
    if node.name == PUSHER and node.status in ("done", "cached") and record.blessed is False:
        return NOT_PUSHED
    return node.status
