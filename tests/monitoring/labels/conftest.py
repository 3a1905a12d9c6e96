"""A served model with a log, and its labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitoring.profile.reference_profile import FILE, ReferenceProfile
from tests.monitoring.trip_profile import profile


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A serving folder with version 1 of trips."""
    folder = tmp_path / "serving_models"
    push(folder, 1, profile(metrics=METRICS))
    return folder


def push(models: Path, version: int, one: ReferenceProfile) -> None:
    """Puts a version's profile where the pipeline pushes it."""
    path = models / "trips" / str(version) / FILE
    path.parent.mkdir(parents=True)
    path.write_text(one.model_dump_json())


METRICS: dict[str, Any] = {
    "accuracy": {"metric": "BinaryAccuracy", "value": 0.9, "lower": 0.8, "better": "higher"},
    "AUC": {"metric": "AUC", "value": 0.95, "lower": 0.85, "better": "higher"},
    "loss": {"metric": "BinaryCrossEntropy", "value": 0.2, "upper": 0.4, "better": "lower"},
}
