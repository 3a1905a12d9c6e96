"""What a record of TFRecord means to a model, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.serving.batch.reading import instances

pytestmark = pytest.mark.tfx


@pytest.mark.parametrize("packed", ["", "GZIP"])
def test_tfrecord(signature: Any, tmp_path: Path, packed: str) -> None:
    import tensorflow as tf

    example = tf.train.Example()
    features = example.features.feature
    features["x"].float_list.value.append(0.5)
    features["s"].bytes_list.value.append(b"a")
    features["l"].int64_list.value.extend([1, 2])
    features["n"].int64_list.SetInParent()
    features["b"].SetInParent()
    features["other"].int64_list.value.append(1)
    path = tmp_path / "rows.tfrecord"
    with tf.io.TFRecordWriter(str(path), packed) as writer:
        writer.write(example.SerializeToString())
        writer.write(b"\xff")
    expected = {"x": 0.5, "s": {"b64": "YQ=="}, "l": [1, 2]}
    assert instances(path, signature) == [expected, "is not a tf.Example"]
