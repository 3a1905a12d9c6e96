"""Why a process ended that recorded no result, from its exit status and its log."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from pipeline.local import post_mortem

TRACEBACK = (
    'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\n{error}\n'
    "I0102 03:04:05.6 progress\n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "tfx.log"


@pytest.mark.parametrize(
    ("status", "name", "cause", "remedy"),
    [
        (-signal.SIGKILL, "SIGKILL", "memory", "batch_size"),
        (-signal.SIGTERM, "SIGTERM", "asked it to end", "Run again"),
        (-signal.SIGILL, "SIGILL", "AVX", "AVX"),
        (-signal.SIGSEGV, "SIGSEGV", "A library crashed", "read the log"),
        (-200, "signal 200", "A library crashed", "read the log"),
    ],
)
def test_a_signal_is_named_with_its_usual_cause(
    log: Path, status: int, name: str, cause: str, remedy: str
) -> None:
    log.write_text("the last words\n")
    failure = post_mortem.explain(status, log, "Trainer")
    assert failure.headline == f"The run's process was killed by {name}"
    assert cause in failure.detail and failure.detail.endswith("ends with:\nthe last words")
    assert remedy in failure.remedy and failure.node == "Trainer"


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("ValueError: too large", "Read the log"),
        ("ModuleNotFoundError: No module named 'tfx'", "make setup"),
        ("ImportError: cannot import name 'x'", "make setup"),
    ],
)
def test_an_exit_status_comes_with_the_exception(log: Path, error: str, remedy: str) -> None:
    log.write_text(f"before\n{TRACEBACK.format(error=error)}")
    failure = post_mortem.explain(1, log, None)
    assert failure.headline.endswith("ended with exit status 1 and recorded no result")
    assert failure.detail == error and remedy in failure.remedy and failure.node is None


def test_a_process_that_printed_nothing(log: Path) -> None:
    assert post_mortem.explain(0, log, None).detail == "It printed nothing."
    assert "ends with" not in post_mortem.explain(-9, log, None).detail


def test_of_several_tracebacks_the_last_counts(log: Path) -> None:
    log.write_text(TRACEBACK.format(error="KeyError: 1") + TRACEBACK.format(error="OSError: 2"))
    assert post_mortem.last_lines(log) == ["OSError: 2"]


def test_of_a_log_without_traceback_the_last_lines_count(log: Path) -> None:
    log.write_text(
        "first\nI0102 03:04:05.6 progress\n\x1b[31mF0102 Check failed: x\x1b[0m\n"
        "2026-01-02 03:04:05.6: I tensorflow/core: progress\nINFO:absl:progress\n\n"
    )
    assert post_mortem.last_lines(log) == ["first", "F0102 Check failed: x"]
    assert post_mortem.last_lines(log.with_name("none.log")) == []


def test_of_a_long_log_only_the_end_is_read(log: Path) -> None:
    log.write_bytes(b"\xff" * 200_000 + b"\n" + b"".join(b"line %d\n" % n for n in range(20)))
    assert post_mortem.last_lines(log) == [f"line {n}" for n in range(12, 20)]
