"""A good `config.yaml`, and what is said of another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.common.errors import ConfigError
from pipeline.config.loading import load

GOOD = """\
data: {path: trips.csv}
label: tips
evaluation:
  slices: [company, [company, month]]
  metrics:
    AUC: {at_least: 0.5}
"""


def write(root: Path, text: str | bytes) -> None:
    path = root / "models" / "m" / "config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def message(root: Path, *overrides: str, model: str = "m") -> str:
    with pytest.raises(ConfigError) as caught:
        load(model, overrides, root=root)
    return str(caught.value)
