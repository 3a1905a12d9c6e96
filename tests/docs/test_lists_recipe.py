"""The recipes for lists, arrays and images in docs/new-model.md, as they stand there."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.paths import ROOT

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

PAGE = (ROOT / "docs" / "new-model.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("### Lists, arrays and images")[2].partition("\n### ")[0]


HEAD = """
import tensorflow as tf
import tensorflow_transform as tft
from models.common.preprocessing import fill_missing
"""
END = """
def preprocessing_fn(inputs):
    return {"hot": words(inputs["genres"], "genres", 2)}
"""


@pytest.fixture
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the page's code; Beam imports it too."""
    [code] = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    (tmp_path / "recipes_of_the_page.py").write_text(f"{HEAD}\n{code}\n{END}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "recipes_of_the_page", raising=False)
    return importlib.import_module("recipes_of_the_page")


def test_arrays_and_images_have_their_shape(recipes: Any) -> None:
    import tensorflow as tf

    assert recipes.array(tf.zeros([5, 6])).shape == [5, 2, 3]
    png = tf.io.encode_png(tf.fill([8, 8, 3], tf.constant(255, tf.uint8)))
    pixels = recipes.image(tf.stack([png, png]))
    assert pixels.shape == [2, 8, 8, 3] and pixels.numpy().min() == 1.0


def test_lists_of_words_are_places_that_are_1(recipes: Any, tmp_path: Path) -> None:
    import tensorflow as tf
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

    spec = {"genres": tf.io.VarLenFeature(tf.string)}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [["a", "b"], ["a"], ["a", "a", "c"], [], ["b"]]
    data = [{"genres": words} for words in rows]
    with tft_beam.Context(temp_dir=str(tmp_path)):
        analyze = tft_beam.AnalyzeAndTransformDataset(recipes.preprocessing_fn)
        (found, _), _ = (data, metadata) | analyze
    assert [row["hot"].tolist() for row in found] == [
        [1, 1, 0], [1, 0, 0], [1, 0, 1], [0, 0, 0], [0, 1, 0],
    ]  # fmt: skip
