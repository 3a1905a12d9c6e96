"""Settings under a key of a YAML file."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from monitoring.core.errors import MonitoringError
from monitoring.core.yaml_section import read_section


class Section(BaseModel):
    """Some settings."""

    size: float = 3.0


@pytest.mark.parametrize(
    ("content", "size"),
    [(None, 3), ("", 3), ("other: 1", 3), ("- a list", 3), ("it:", 3), ("it: {size: 4}", 4)],
)
def test_what_is_missing_has_its_default(tmp_path: Path, content: str | None, size: int) -> None:
    path = tmp_path / "file.yaml"
    if content is not None:
        path.write_text(content)
    assert read_section(path, "it", Section, "a page") == Section(size=size)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"it: {size: large}", "`it.size` cannot be used\nReceived: 'large'."),
        (b"it: [1]", "`it` cannot be used\nReceived: [1]."),
        (b"it: {", "cannot be read\nReceived: while parsing"),
        (b"\xff", "cannot be read\nReceived: 'utf-8' codec"),
    ],
)
def test_what_is_no_use_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(MonitoringError) as error:
        read_section(path, "it", Section, "a page")
    assert told in str(error.value)
