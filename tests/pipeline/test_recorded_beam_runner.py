"""How a run ends that Beam orchestrates; tests/e2e/test_beam.py runs a whole one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner

from models.common.errors import AnomalyError, RunError
from pipeline import recorded_beam_runner
from pipeline.record import run_record
from pipeline.record.run_record import RunRecord
from pipeline.recorded_beam_runner import RecordedBeamDagRunner
from tests.pipeline.fake_run import queued

pytestmark = pytest.mark.tfx

ANOMALY = {"feature": "a", "split": "train", "severity": "error", "headline": "h", "detail": "d"}


def wrapped(error: BaseException) -> BaseException:
    """An error as Beam raises it: another, with the first as its cause."""
    try:
        raise RuntimeError("while running a step") from error
    except RuntimeError as raised:
        return raised


def ended(runs: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException | None) -> RunRecord:
    """The written record of a run that ends so."""

    def run(*_: Any) -> None:
        if error is not None:
            raise error

    monkeypatch.setenv("NEPTUNE_MODE", "disabled")
    monkeypatch.setattr(BeamDagRunner, "run_with_ir", run)
    (runs / "taxi").mkdir()
    record = queued()
    runner = RecordedBeamDagRunner(record, runs)
    if error is None:
        runner.run_with_ir(None)
    else:
        with pytest.raises(type(error)):
            runner.run_with_ir(None)
    assert (runs / record.id / "report.html").is_file()
    return run_record.read(record.id, runs)


@pytest.mark.parametrize(
    ("error", "status", "headline"),
    [
        (None, "not_blessed", None),
        (wrapped(AnomalyError("1 anomaly", "", "", [ANOMALY])), "stopped", "1 anomaly"),
        (wrapped(RunError("no room")), "failed", "no room"),
        (ValueError("a\nb"), "failed", "ValueError: a"),
        (SystemExit(3), "failed", "SystemExit: 3"),
        (KeyboardInterrupt(), "interrupted", None),
    ],
)
def test_its_end_is_recorded(
    error: BaseException | None,
    status: str,
    headline: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = ended(tmp_path, monkeypatch, error)
    assert record.status == status and record.finished is not None
    assert (record.failure.headline if record.failure else None) == headline
    assert len(record.anomalies) == (status == "stopped")


def test_causes_are_found_through_what_raised_them() -> None:
    first = ValueError("first")
    assert list(recorded_beam_runner._causes(wrapped(first)))[-1] is first
