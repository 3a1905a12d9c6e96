"""Where a model's state is."""

from __future__ import annotations

from pathlib import Path

from pipeline.local.repair.finding import Finding, Place


def test_artifacts_are_below_the_runs() -> None:
    assert Place("taxi", Path("runs"), Path("serving/taxi")).artifacts == Path("runs/taxi")


def test_findings_are_the_same_that_say_the_same() -> None:
    assert Finding("a", "b", lambda _: None) == Finding("a", "b", lambda _: 1)
