"""The tiny model's examples and fitted preprocessing: a column of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfx.types import standard_artifacts

from tests.models import tiny_sample
from tests.models.tiny_rows import rows

TRAIN, TEST = 400, 200


@pytest.fixture(scope="session")
def transform_graph(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of the tiny model's fitted preprocessing."""
    folder = tmp_path_factory.mktemp("yardstick")
    [file] = tiny_sample.write_examples(str(folder / "rows.gz"), rows(TRAIN))
    tiny_sample.analyze("tiny", file, str(folder / "transform"))
    return str(folder / "transform")


@pytest.fixture
def raw(tmp_path: Path) -> standard_artifacts.Examples:
    """An artifact of raw examples in splits."""
    artifact = standard_artifacts.Examples()
    artifact.uri = str(tmp_path)
    artifact.split_names = '["train", "eval", "test"]'
    for split, (number, seed) in {"train": (TRAIN, 0), "test": (TEST, 1)}.items():
        (tmp_path / f"Split-{split}").mkdir()
        tiny_sample.write_examples(str(tmp_path / f"Split-{split}" / "rows.gz"), rows(number, seed))
    return artifact
