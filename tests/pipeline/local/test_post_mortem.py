"""Why a process ended that recorded no result, from its exit status and its log."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from pipeline.local import lock, post_mortem
from pipeline.record import run_folder, run_record
from pipeline.record.run_record import RunRecord
from tests.pipeline.fake_run import finished, queued

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


def dead(tmp_path: Path, *, pushed: bool) -> RunRecord:
    """A run whose processes are gone."""
    record = queued()
    record.process, record.process_start = 2**22 + 1, "gone/1"
    for node in record.nodes:
        node.status = "done"
    record.node("Pusher").status = "running"
    record.pushing = str(tmp_path / "serving" / "17")
    if pushed:
        Path(record.pushing).mkdir(parents=True)
    run_record.write(record, tmp_path)
    (tmp_path / record.id / run_folder.RESERVE).touch()
    return record


@pytest.mark.parametrize("pushed", [False, True])
def test_a_run_that_died_gets_its_end_before_the_next_one(tmp_path: Path, pushed: bool) -> None:
    record = dead(tmp_path, pushed=pushed)
    post_mortem.settle_last("taxi", tmp_path)
    found = run_record.read(record.id, tmp_path)
    assert found.status == ("pushed" if pushed else "failed") and found.died
    assert found.pushed_version == (17 if pushed else None)
    assert pushed or (found.failure is not None and found.failure.node == "Pusher")
    assert not (tmp_path / record.id / run_folder.RESERVE).exists()


@pytest.mark.parametrize("pushed", [False, True])
def test_who_looks_takes_note_of_a_push(tmp_path: Path, pushed: bool) -> None:
    record = dead(tmp_path, pushed=pushed)
    post_mortem.take_note_of_push(record, tmp_path)
    found = run_record.read(record.id, tmp_path)
    assert found.status == ("pushed" if pushed else "running")


def test_a_run_that_has_the_lock_is_left_alone(tmp_path: Path) -> None:
    record = dead(tmp_path, pushed=True)  # In a container, say, whose processes are not seen.
    with lock.held(record, tmp_path):
        post_mortem.settle_last("taxi", tmp_path)
    assert run_record.read(record.id, tmp_path).status == "running"


def test_no_run_and_runs_that_ended_are_left_alone(tmp_path: Path) -> None:
    post_mortem.settle_last("taxi", tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
    run_record.write(ended := finished("failed"), tmp_path)
    post_mortem.settle_last("taxi", tmp_path)
    assert run_record.read(ended.id, tmp_path) == ended


@pytest.mark.parametrize(
    ("status", "headline", "detail"),
    [
        (-9, "The run's second process was killed by SIGKILL", "memory runs out"),
        (-11, "The run's second process was killed by SIGSEGV", "library crashed"),
        (3, "The run's second process ended with exit status 3", "beside others"),
    ],
)
def test_a_second_process_that_ended(status: int, headline: str, detail: str) -> None:
    error = post_mortem.of_second_process(status)
    assert error.headline == headline and detail in error.detail and error.remedy
