"""Policies side by side."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from monitoring.replay.table import print_replays
from tests.monitoring.replay.test_replaying import World


@pytest.mark.parametrize("width", [60, 80, 200])
def test_each_policy_has_a_column_and_its_alarms(width: int) -> None:
    text = io.StringIO()
    replays = [
        World("aabaabbb").play([5], cool_down_hours=0, retrainings_a_week=9),
        World("aaaa").play([]).model_copy(update={"policy": "[bold]odd"}),
    ]
    print_replays(replays, Console(file=text, width=width))
    lines = text.getvalue().splitlines()
    assert all(len(line) <= width for line in lines)
    assert "[bold]odd" in lines[0]
    rows = {line[:30].strip(): line[30:].split() for line in lines if line}
    assert rows["false alarms"] == ["2", "0"] and rows["retrainings"] == ["3", "0"]
    assert "nothing had changed" in " ".join(text.getvalue().split())
