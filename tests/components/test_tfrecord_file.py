"""TFRecord files of `tf.Example`s as tables, and what is refused of them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow as tf

from components import tables, tfrecord_file
from components.tables.source import LOCAL, TableSource
from models.common.errors import DataError

pytestmark = pytest.mark.tfx


def example(**features: list[Any]) -> bytes:
    """A serialized tf.Example; a feature without values has no kind."""
    found = tf.train.Example()
    for name, values in features.items():
        feature = found.features.feature[name]
        feature.SetInParent()
        for value in values:
            kind = {int: "int64_list", float: "float_list", bytes: "bytes_list"}[type(value)]
            getattr(feature, kind).value.append(value)
    return found.SerializeToString()


def sequence(context: dict[str, int], **lists: list[int]) -> bytes:
    """A serialized tf.SequenceExample."""
    found = tf.train.SequenceExample()
    for name, value in context.items():
        found.context.feature[name].int64_list.value.append(value)
    for name, steps in lists.items():
        for value in steps:
            step = found.feature_lists.feature_list[name].feature.add()
            step.int64_list.value.append(value)
    return found.SerializeToString()


def read(records: list[bytes], folder: Path, compression: str = "") -> list[pa.RecordBatch]:
    path = str(folder / "t.tfrecord")
    with tf.io.TFRecordWriter(path, compression) as writer:
        for record in records:
            writer.write(record)
    return list(tfrecord_file.read(TableSource(path, "tfrecord"), path, LOCAL))


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_features_are_lists(tmp_path: Path, compression: str) -> None:
    records = [example(i=[1, 2], f=[0.5], b=[b"\xff"]), example(i=[], b=[b"x", b""])]
    [batch] = read(records, tmp_path, compression)
    assert {name: str(batch.column(name).type) for name in batch.schema.names} == {
        "i": "list<item: int64>",
        "f": "list<item: float>",
        "b": "list<item: binary>",
    }
    columns = batch.to_pydict()
    assert [columns[name][0] for name in "ifb"] == [[1, 2], [0.5], [b"\xff"]]
    # Absent, or there without a value: both are missing.
    assert [columns[name][1] or None for name in "ifb"] == [None, None, [b"x", b""]]


def test_a_feature_without_a_value_in_any_record_has_no_type(tmp_path: Path) -> None:
    [batch] = read([example(i=[1], empty=[])], tmp_path)
    assert pa.types.is_null(batch.column("empty").type)


def test_batches_are_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecord_file, "_ROWS", 3)
    batches = read([example(i=[number]) for number in range(7)], tmp_path)
    assert [batch.to_pydict()["i"] for batch in batches] == [
        [[0], [1], [2]],
        [[3], [4], [5]],
        [[6]],
    ]


@pytest.mark.parametrize(
    ("records", "headline", "detail"),
    [
        (
            [example(i=[1]), b"\x0a\x01\x0a"],
            "record 2 is not a tf.Example",
            r"Received: b'\n\x01\n'",
        ),
        (
            [example(i=[1]), sequence({"i": 1}, clicks=[1, 2])],
            "record 2 is a tf.SequenceExample: its feature lists cannot be read: clicks",
            "whose context has i, and whose feature lists are clicks",
        ),
        (
            [sequence({}, a=[1], b=[2])],
            "record 1 is a tf.SequenceExample: its feature lists cannot be read: a, b",
            "whose context has nothing",
        ),
        ([example(), example()], "no record from 1 to 2 has a feature", "without any feature"),
    ],
)
def test_records_that_are_no_table_are_refused(
    tmp_path: Path, records: list[bytes], headline: str, detail: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(records, tmp_path)
    assert caught.value.headline == f"{tmp_path}/t.tfrecord: {headline}"
    assert detail in caught.value.detail
    assert caught.value.remedy


def test_a_sequence_example_without_feature_lists_is_an_example(tmp_path: Path) -> None:
    [batch] = read([example(i=[1]), sequence({"i": 2})], tmp_path)
    assert batch.to_pydict() == {"i": [[1], [2]]}


def test_an_example_of_several_parts_is_whole(tmp_path: Path) -> None:
    [batch] = read([example(i=[1]) + example(j=[2])], tmp_path)
    assert batch.to_pydict() == {"i": [[1]], "j": [[2]]}


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_a_feature_of_several_types_is_passed_over_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(tfrecord_file, "_ROWS", rows)
    records = [example(i=[1], x=[1]), example(i=[2]), example(i=[3], x=[0.5]), example(i=[4])]
    batches = read(records, tmp_path)
    source, path = TableSource("t", "tfrecord"), str(tmp_path / "t.tfrecord")
    table = tables.scan_file(source, path, LOCAL, tfrecord_file.read)
    reason = table.column("x").unreadable or ""
    assert "int64_list" in reason and "float_list" in reason and "record 3" in reason
    assert table.types() == {"i": "INT"}
    assert [value for batch in batches for [value] in batch.to_pydict()["i"]] == [1, 2, 3, 4]


def test_the_number_of_a_bad_record_counts_from_the_files_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tfrecord_file, "_ROWS", 2)
    with pytest.raises(DataError, match="record 4 is not"):
        read([example(i=[1])] * 3 + [b"\x0a\x01\x0a"], tmp_path)


@pytest.mark.parametrize(
    ("damage", "headline"),
    [
        (lambda content: content[:-3], "is damaged or not TFRecord, after record 0"),
        (lambda content: b"a,b\n1,2\n" * 10, "is damaged or not TFRecord, after record 0"),
        (lambda content: struct.pack("<Q", 9) + content[8:], "is damaged or not TFRecord"),
        (lambda content: b"PAR1\x00" + content, "is not TFRecord"),
        (lambda content: b"Obj\x01" + content, "is not TFRecord"),
    ],
)
def test_a_damaged_or_other_file_is_refused(
    tmp_path: Path, damage: Callable[[bytes], bytes], headline: str
) -> None:
    read([example(i=[1])], tmp_path)
    path = tmp_path / "t.tfrecord"
    path.write_bytes(damage(path.read_bytes()))
    source = TableSource(str(path), "tfrecord")
    with pytest.raises(DataError, match=headline):
        list(tfrecord_file.read(source, str(path), LOCAL))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "x.tfrecord")
    with pytest.raises(DataError, match="cannot be read"):
        list(tfrecord_file.read(TableSource(path, "tfrecord"), path, LOCAL))
