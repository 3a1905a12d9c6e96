"""The frozen schema's text becomes the artifact that other nodes read."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow_data_validation as tfdv
from tfx.types import standard_artifacts

from components.frozen_schema import FrozenSchema

pytestmark = pytest.mark.tfx


def test_the_text_is_what_downstream_nodes_read(tmp_path: Path) -> None:
    text = 'feature { name: "Straße" type: INT }\n'
    artifact = standard_artifacts.Schema()
    artifact.uri = str(tmp_path / "schema")
    FrozenSchema.EXECUTOR_SPEC.executor_class._FUNCTION(text=text, schema=artifact)
    assert (tmp_path / "schema" / "schema.pbtxt").read_text(encoding="utf-8") == text
    read = tfdv.load_schema_text(f"{artifact.uri}/schema.pbtxt")
    assert [feature.name for feature in read.feature] == ["Straße"]


def test_the_text_is_a_part_of_the_cache_key() -> None:
    assert FrozenSchema(text="a").exec_properties == {"text": "a"}
