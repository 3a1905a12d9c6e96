"""How a node stands in its run."""

from __future__ import annotations

from typing import get_args

import pytest

from pipeline.nodes import PUSHER, TRAINER
from pipeline.record.run_record import Node, NodeStatus, RunStatus
from pipeline.show.node_state import node_state
from tests.pipeline.fake_run import queued


@pytest.mark.parametrize("run", get_args(RunStatus))
@pytest.mark.parametrize("status", get_args(NodeStatus))
def test_only_a_failed_node_of_an_interrupted_run_was_interrupted(
    run: RunStatus, status: NodeStatus
) -> None:
    record = queued()
    record.status = run
    state = node_state(Node(name=TRAINER, status=status), record)
    assert state == ("interrupted" if (status, run) == ("failed", "interrupted") else status)


@pytest.mark.parametrize("blessed", [None, True, False])
@pytest.mark.parametrize("name", [PUSHER, TRAINER])
@pytest.mark.parametrize("status", get_args(NodeStatus))
def test_a_pusher_without_a_blessing_has_not_pushed(
    blessed: bool | None, name: str, status: NodeStatus
) -> None:
    record = queued()
    record.blessed = blessed
    without = name == PUSHER and blessed is False and status in ("done", "cached")
    assert node_state(Node(name=name, status=status), record) == (
        "not pushed" if without else status
    )
