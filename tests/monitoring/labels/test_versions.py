"""Versions with their profiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.labels.versions import Profiles


def test_the_newest_version_with_a_profile(models: Path) -> None:
    (models / "trips" / "10").mkdir()
    (models / "trips" / "notes").mkdir()
    profiles = Profiles(models, "trips")
    assert profiles.newest() is profiles(1)


@pytest.mark.parametrize(
    ("model", "told"),
    [("trip", "no model 'trip'"), ("empty", "there is no version"), ("old", "cannot be read")],
)
def test_no_profile(models: Path, model: str, told: str) -> None:
    (models / "empty").mkdir()
    (models / "old" / "1").mkdir(parents=True)
    with pytest.raises(MonitoringError, match=told) as error:
        Profiles(models, model).newest()
    assert error.value.remedy
