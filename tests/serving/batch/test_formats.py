"""Which format a file is in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.tfx


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rows.csv", "csv"),
        ("rows.csv.gz", "csv"),
        ("rows.ndjson", "jsonl"),
        ("a.b.parquet", "parquet"),
        ("data_tfrecord.tfrecord-00000-of-00001.gz", "tfrecord"),
        ("data.tfrecords", "tfrecord"),
    ],
)
def test_a_files_name_tells_its_format(name: str, expected: str) -> None:
    from serving.batch import formats

    assert formats.of_file(Path(name)) == expected


@pytest.mark.parametrize(
    ("shape", "value", "expected"),
    [
        ((None, 2, 3), [1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]]),
        ((None, 2, 1, 2), [1, 2, 3, 4], [[[1, 2]], [[3, 4]]]),
        ((None, 1, 2), [1, 2], [[1, 2]]),
        # What has its dimensions, or other values than it should, is left as it is.
        ((None, 2, 3), [[1, 2, 3], [4, 5, 6]], [[1, 2, 3], [4, 5, 6]]),
        ((None, 2, 1), [[1], [2]], [[1], [2]]),
        ((None, 2, 3), [1, 2, 3], [1, 2, 3]),
        ((None, 2, 3), 1.0, 1.0),
        ((None, 6), [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]),
        ((None, None, 3), [1, 2, 3], [1, 2, 3]),
        (None, [1, 2], [1, 2]),
    ],
)
def test_a_flat_list_gets_the_dimensions_of_its_input(
    shape: tuple[int | None, ...] | None, value: Any, expected: Any
) -> None:
    from serving.batch import formats
    from serving.model.signatures import PREDICT, Signature, TensorInfo

    info = TensorInfo("image", "image:0", "float", np.dtype(np.float32), shape)
    signature = Signature("serving_default", PREDICT, {"image": info}, {}, None)
    refused = formats.Row(2, None, None, "is not a tf.Example")
    rows = [formats.Row(1, {"image": value, "other": [1]}, None), refused]
    formats.with_dimensions(rows, signature)
    assert rows[0].instance == {"image": expected, "other": [1]}
