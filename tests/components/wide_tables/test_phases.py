"""An analyzer may depend on another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.pipeline import AppliedPTransform
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from components.wide_tables import phases

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    above = inputs["x"] - tft.min(inputs["x"])
    return {"share": above / tft.max(above)}


def test_an_analyzer_of_what_another_has_found(tmp_path: Path) -> None:
    spec = {"x": tf.io.FixedLenFeature([], tf.float32)}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [{"x": number} for number in (2.0, 4.0, 6.0)]
    before = AppliedPTransform.__init__.__defaults__
    with phases.several(), tft_beam.Context(temp_dir=str(tmp_path)):
        (found, _), _ = (rows, metadata) | tft_beam.AnalyzeAndTransformDataset(preprocessing_fn)
    assert [row["share"] for row in found] == [0, 0.5, 1]
    assert AppliedPTransform.__init__.__defaults__ == before
