"""What rows of each format mean to a model, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.tfx

INPUTS = {
    # Name: type, its numpy type, dimensions besides the batch.
    "x": ("float", np.float32, 0),
    "n": ("int64", np.int64, 0),
    "b": ("bool", np.bool_, 0),
    "s": ("string", object, 0),
    "l": ("int64", np.int64, 1),
}


@pytest.fixture(scope="module")
def signature() -> Any:
    """`x` is needed, the others have defaults."""
    from serving.model.signatures import PREDICT, Signature, TensorInfo

    inputs = {
        name: TensorInfo(
            name, f"{name}:0", kind, np.dtype(dtype), (None,) * (1 + dimensions),
            None if name == "x" else np.zeros((1,) * (1 + dimensions), dtype),
        )
        for name, (kind, dtype, dimensions) in INPUTS.items()
    }  # fmt: skip
    return Signature("serving_default", PREDICT, inputs, {}, None)


def read(path: Path, signature: Any, rows: int = 100) -> list[Any]:
    from serving.batch import formats

    one_format = formats.named(formats.of_file(path))
    return [row for chunk in one_format.read(path, signature, rows) for row in chunk]


def instances(path: Path, signature: Any) -> list[Any]:
    """Of each row what a request would hold, or why it is refused."""
    return [row.refused or row.instance for row in read(path, signature)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x,n,b,s,l\n1,2,true,a,3\n", [{"x": 1.0, "n": 2, "b": True, "s": "a", "l": [3]}]),
        ("x,b\n1,False\n2,0\n3, 1 \n", [{"x": float(n), "b": n == 3} for n in (1, 2, 3)]),
        ("x,b\n1,yes\n", ["b: 'yes' is not of the type bool"]),
        ("x,n\n1,3.0\n", [{"x": 1.0, "n": 3}]),
        ("x,n\n1,3.5\n", ["n: '3.5' is not of the type int64"]),
        ("x,n\n1,inf\n", ["n: 'inf' is not of the type int64"]),
        ('x,l\n1,"[3, 4]"\n2,[3\n', [{"x": 1.0, "l": [3, 4]}, "l: '[3' is not of the type int64"]),
        ("x,other,s\n1,a,\n", [{"x": 1.0}]),
        ("\ufeffx\n1\n", [{"x": 1.0}]),
        ('x,s\r\n1,"a,""b"""\r\n\r\n2,c\r\n', [{"x": 1.0, "s": 'a,"b"'}, {"x": 2.0, "s": "c"}]),
    ],
)
def test_csv(signature: Any, tmp_path: Path, text: str, expected: list[Any]) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    assert instances(path, signature) == expected
    packed = tmp_path / "rows.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert instances(packed, signature) == expected


def test_two_columns_of_a_name_are_refused(signature: Any, tmp_path: Path) -> None:
    from serving.core.errors import ServingError

    (tmp_path / "rows.csv").write_text("x,s,s\n1,a,b\n")
    with pytest.raises(ServingError, match="two columns of the same name"):
        read(tmp_path / "rows.csv", signature)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"x": 1, "s": None, "other": 2}, {"x": 1}),
        ({"b64": "QQ=="}, {"b64": "QQ=="}),
        ([1, 2], [1, 2]),
        (1.5, 1.5),
    ],
)
def test_json_lines(signature: Any, tmp_path: Path, line: Any, expected: Any) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n" + json.dumps(line).encode() + b"\n{\n\xff\n")
    rows = read(path, signature)
    assert [row.number for row in rows] == [2, 3, 4]
    assert rows[0].instance == expected
    assert rows[1].refused.startswith("is not JSON") and rows[2].refused == "is not UTF-8"


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("n", pa.array([1.0, None]), [{"n": 1}, {}]),
        ("n", pa.array([1.5, 2.0]), [{"n": 1.5}, {"n": 2}]),
        ("s", pa.array([7, 8]), [{"s": "7"}, {"s": "8"}]),
        ("s", pa.array([b"\xff", None]), [{"s": {"b64": "/w=="}}, {}]),
        ("l", pa.array([1, 2]), [{"l": [1]}, {"l": [2]}]),
        ("l", pa.array([[1, 2], []]), [{"l": [1, 2]}, {"l": []}]),
        ("b", pa.array([True, False]), [{"b": True}, {"b": False}]),
        ("other", pa.array([1, 2]), [{}, {}]),
    ],
)
def test_parquet(
    signature: Any, tmp_path: Path, column: str, values: pa.Array, expected: list[Any]
) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"x": [0.5, 1.5], column: values}), path)
    wanted = [{"x": x, **row} for x, row in zip((0.5, 1.5), expected, strict=True)]
    # In JSON, 1 and 1.0 differ, as they do to the server.
    assert json.dumps(instances(path, signature)) == json.dumps(wanted)


def test_rows_of_parquet_are_numbered_and_asked_alike_whatever_its_groups(
    signature: Any, tmp_path: Path
) -> None:
    from serving.batch import parquet_format

    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"x": [float(n) for n in range(25)]}), path, row_group_size=4)
    chunks = list(parquet_format.read(path, signature, 10))
    assert [len(chunk) for chunk in chunks] == [10, 10, 5]
    assert [row.number for chunk in chunks for row in chunk] == list(range(1, 26))
    assert [row.instance["x"] for chunk in chunks for row in chunk] == list(range(25))


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
