"""The process that runs the pipeline gets the record, and the config with its secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.common.errors import RunError
from pipeline.config import loading
from pipeline.local import handover
from pipeline.record import run_folder, run_record
from tests.pipeline.fake_run import REPOSITORY, queued

SECRET = "correct-horse"


def test_what_was_prepared_is_taken_over_with_its_secrets(tmp_path: Path) -> None:
    record = queued()
    setting = f"beam.args=[--runner=FnApiRunner, --password={SECRET}]"
    record.config = loading.load("taxi", [setting], REPOSITORY)
    run_record.write(record, tmp_path)
    text = (run_folder.path(record.id, tmp_path) / run_folder.RECORD).read_text()
    assert SECRET not in text
    assert handover.take_over(tmp_path, handover.variables(record)) == record
    assert f"--password={SECRET}" in record.config.beam.args


@pytest.mark.parametrize("environment", [{}, {"PIPELINE_RUN": ""}, {"PIPELINE_MODEL": "taxi"}])
def test_nothing_is_taken_over_where_nothing_was_prepared(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    assert handover.take_over(tmp_path, environment) is None


def test_a_run_without_a_record_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There is no run"):
        handover.take_over(tmp_path, handover.variables(queued()))
