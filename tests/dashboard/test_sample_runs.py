"""What the other tests and the benchmark read is what the pipeline would have written."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.dashboard import sample_runs
from tests.helpers.paths import ROOT

SCHEMA_FILES = ROOT / "docs" / "generated"
SCHEMAS = {
    name: jsonschema.Draft202012Validator(
        json.loads((SCHEMA_FILES / f"{name}.schema.json").read_text())
    )
    for name in ("run", "details")
}


@pytest.mark.parametrize("status", sample_runs.STATUSES)
def test_the_files_fit_their_schemas(status: str, tmp_path: Path) -> None:
    folder = sample_runs.make_run(tmp_path, status=status)
    for name, schema in SCHEMAS.items():
        schema.validate(json.loads((folder / f"{name}.json").read_text()))


def test_many_runs_fit_their_schema(tmp_path: Path) -> None:
    sample_runs.make_runs(tmp_path, 20)
    paths = list(tmp_path.glob("*/run.json"))
    assert len(paths) == 20
    for path in paths:
        SCHEMAS["run"].validate(json.loads(path.read_text()))
