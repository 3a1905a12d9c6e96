from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A serving folder: `taxi` in three versions, a fourth half copied, and another model."""
    for model, versions in {"taxi": (1, 2, 3), "other": (7,)}.items():
        for version in versions:
            path = tmp_path / model / str(version)
            path.mkdir(parents=True)
            (path / "saved_model.pb").write_bytes(b"")
    (tmp_path / "taxi" / "9").mkdir()
    return tmp_path
