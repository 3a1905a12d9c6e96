"""The nodes of a pipeline with a frozen schema and a search, without what a config asks for."""

from __future__ import annotations

from pipeline import nodes

NODES = [
    spec.name
    for spec in nodes.NODES
    if spec.name not in (nodes.BATCH_EXAMPLES, nodes.BULK_INFERRER, nodes.YARDSTICK)
]
