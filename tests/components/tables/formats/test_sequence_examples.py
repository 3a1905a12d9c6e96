"""SequenceExamples are told apart from tf.Examples without TensorFlow."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest

from components.tables.formats import sequence_examples
from components.tables.source import LOCAL
from models.common.errors import DataError


def part(number: int, content: bytes) -> bytes:
    """A field of bytes in the wire format."""
    size, length = len(content), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def features(*names: str) -> bytes:
    """Features, or feature lists, of these names, each with the number 1."""
    value = part(3, part(1, b"\x01"))
    return b"".join(part(1, part(1, name.encode()) + part(2, value)) for name in names)


def write(path: Path, record: bytes) -> str:
    content = struct.pack("<Q", len(record)) + b"\0" * 4 + record + b"\0" * 4
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return str(path)


@pytest.mark.parametrize("name", ["t.tfrecord", "t.gz"])
def test_a_first_record_with_feature_lists_is_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, part(1, features("age")) + part(2, features("clicks", "x" * 200)))
    with pytest.raises(DataError) as caught:
        sequence_examples.check_first_record(path, LOCAL)
    assert "record 1 is a tf.SequenceExample: its feature lists cannot be read: clicks" in str(
        caught.value
    )
    assert "whose context has age" in caught.value.detail and caught.value.remedy


@pytest.mark.parametrize(
    "record",
    [
        part(1, features("age", "clicks")),
        part(1, features("age")) + part(2, b""),
        b"",
        b"\x00",
        b"\xff" * 30,
        b"anything",
        part(2, b"\x0a\x7f"),
    ],
)
def test_anything_else_is_left_to_who_reads_it(tmp_path: Path, record: bytes) -> None:
    sequence_examples.check_first_record(write(tmp_path / "t.tfrecord", record), LOCAL)


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"\x1f\x8bxyz", b"1234567", b"\xff" * 40])
def test_a_damaged_file_is_left_to_who_reads_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)
    sequence_examples.check_first_record(str(tmp_path / "t"), LOCAL)


@pytest.mark.parametrize("size", [0, 1, 100, 300, 20_000, 3_000_000])
def test_a_record_of_one_field_is_plain(size: int) -> None:
    record = part(1, b"x" * size)
    assert sequence_examples.is_plain(record)
    assert not sequence_examples.is_plain(record + part(2, b"y"))
    assert not sequence_examples.is_plain(part(2, b"x" * size))
    assert not sequence_examples.is_plain(record[:1])
