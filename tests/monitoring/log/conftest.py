"""A log as the server writes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from monitoring.log.source import LogSource, log_source


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A serving folder."""
    folder = tmp_path / "serving_models"
    folder.mkdir()
    return folder


@pytest.fixture
def log(models: Path) -> Callable[..., LogSource]:
    """The log of trips, in the serving folder."""
    return lambda **changes: log_source(models, "trips")._replace(**changes)


@pytest.fixture
def export(models: Path, tmp_path: Path) -> Callable[[], Path]:
    """Exports the log to Parquet, by the server's own exporter; the folder."""

    def exported() -> Path:
        from serving.request_log.export import Selection
        from serving.request_log.export import export as write_parquet

        inputs = {
            "fare": "DT_FLOAT", "seconds": "DT_INT64", "company": "DT_STRING", "area": "DT_INT64",
        }  # fmt: skip
        tensors = {name: {"dtype": dtype, "shape": [-1, 1]} for name, dtype in inputs.items()}
        lists = {name: {"dtype": d, "shape": [-1, -1]} for name, d in _LISTS.items()}
        answer = {"probability": {"dtype": "DT_FLOAT", "shape": [-1, 1]}}
        signature = {"method": "predict", "inputs": {**tensors, **lists}, "outputs": answer}
        for version in (1, 2):
            (models / "trips").mkdir(exist_ok=True)
            record = {
                "model": "trips", "number": version, "size": 1,
                "signatures": {"serving_default": signature},
            }  # fmt: skip
            (models / "trips" / f"{version}.json").write_text(json.dumps(record))
        to = tmp_path / "export"
        list(write_parquet(models / ".request_log", models, to, Selection(), tmp_path / "runs"))
        return to

    return exported


_LISTS = {"stops": "DT_FLOAT", "tags": "DT_STRING", "image": "DT_STRING"}
