"""Reading a version's profile: what is there, and in words what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.profile.reference_profile import FILE, ReferenceProfile, read_profile

GOOD: dict[str, Any] = {
    "version": 1,
    "model": "m",
    "run": "m-1",
    "made": "2026-01-01T00:00:00+00:00",
    "training_rows": 3,
    "test_rows": 2,
    "features": {
        "x": {
            "kind": "number",
            "dtype": "DT_FLOAT",
            "rows": 3,
            "numbers": {"edges": [0, 1.5], "counts": [1, 1, 1]},
        }
    },
    "outputs": {},
}

X = GOOD["features"]["x"]
DOUBLED = {"edges": [1, 1], "counts": [1, 1, 1]}


def written(folder: Path, text: str) -> Path:
    (folder / FILE).parent.mkdir()
    (folder / FILE).write_text(text)
    return folder


def test_a_profile_is_read(tmp_path: Path) -> None:
    found = read_profile(written(tmp_path, json.dumps({**GOOD, "of_a_later_release": 1})))
    assert found == ReferenceProfile.model_validate(GOOD)
    assert found.features["x"].missing == 0 and found.label is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": 2}, "version"),
        ({"training_rows": None}, "training_rows"),
        ({"features": {"x": {**X, "kind": "image"}}}, "features.x.kind"),
        (
            {"features": {"x": {**X, "numbers": {"edges": [], "counts": []}}}},
            "0 edges, and 0 counts",
        ),
        (
            {
                "features": {
                    "x": {
                        **GOOD["features"]["x"],
                        "numbers": {"edges": [1, 1], "counts": [1, 1, 1]},
                    }
                }
            },
            "edges do not ascend",
        ),
    ],
)
def test_another_format_is_told(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(MonitoringError) as caught:
        read_profile(written(tmp_path, json.dumps({**GOOD, **change})))
    assert str(tmp_path / FILE) in caught.value.headline and told in caught.value.detail
    assert "python -m pipeline run" in caught.value.remedy


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"version": 1, "model": NaN}'])
def test_what_is_no_profile_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(MonitoringError, match="The reference profile"):
        read_profile(written(tmp_path, text))


def test_a_version_without_a_profile_is_told(tmp_path: Path) -> None:
    with pytest.raises(MonitoringError) as caught:
        read_profile(tmp_path)
    assert "No such file" in caught.value.detail and "Push the model again" in caught.value.remedy
