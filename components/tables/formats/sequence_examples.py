"""Refuses `tf.SequenceExample`s, whose feature lists would be lost.

A SequenceExample is read as a tf.Example of its context without a word, as both begin alike. This
module knows the wire format, so that a file's first record can be looked at without TensorFlow.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterable, Iterator
from typing import Any

from components.tables.source import Files, listing, shown
from models.common.errors import DataError

_LARGEST = 1 << 26
"""Bytes of a first record that is looked at."""


def check_first_record(path: str, files: Files) -> None:
    """Looks at the first record of a TFRecord file; what is not one is left to who reads it.

    Raises:
        DataError: It is a SequenceExample with feature lists.
    """
    try:
        with files.open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            record = _first_record(gzip.GzipFile(fileobj=file) if packed else file)
        lists = [
            key.decode()
            for entry in _parts(record, 2)
            for pair in _parts(entry, 1)
            for key in _parts(pair, 1)
        ]
        context = [
            key.decode()
            for features in _parts(record, 1)
            for pair in _parts(features, 1)
            for key in _parts(pair, 1)
        ]
    except (EOFError, IndexError, OSError, UnicodeError, ValueError, struct.error):
        return
    if lists:
        raise refusal(path, 1, context, lists)


def refusal(path: str, number: int, context: Iterable[str], lists: Iterable[str]) -> DataError:
    """The error about a record that is a SequenceExample.

    Args:
        path: The file.
        number: The record, from 1.
        context: The features of its context.
        lists: Its feature lists.
    """
    names = listing(lists)
    return DataError(
        f"{shown(path)}: record {number} is a tf.SequenceExample: its feature lists cannot be "
        f"read: {names}",
        "Expected: tf.Examples, whose features are values or lists of values. Received: a record "
        f"whose context has {listing(context)}, and whose feature lists are {names}.",
        "Write each record as a tf.train.Example, a feature list as one feature with the values of "
        "all its steps.",
    )


def is_plain(record: bytes) -> bool:
    """Whether a record is its field 1 and nothing else, as nearly every tf.Example is."""
    if not record:
        return True
    try:
        size, start = _varint(record, 1)
    except IndexError:
        return False
    return record[0] == 0x0A and start + size == len(record)


def _first_record(file: Any) -> bytes:
    (size,) = struct.unpack("<Q", file.read(8))
    file.read(4)  # The length's checksum.
    return bytes(file.read(size)) if size <= _LARGEST else b""


def _parts(message: bytes, number: int) -> Iterator[bytes]:
    """The contents of a message's field, where all of its fields are of bytes."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        if tag & 7 != 2:
            raise ValueError("not a message of messages")
        size, place = _varint(message, place)
        if tag >> 3 == number:
            yield message[place : place + size]
        place += size


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
