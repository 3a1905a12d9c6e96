"""Long messages, read in parts: none takes longer than a few milliseconds, and pieces are counted.

Protocol Buffers' own parser holds the interpreter's lock for all of a message, which is more than a
second for 30 MB of short strings, and takes 30 times the memory. A message may be cut between its
fields, and the parts merged: two serialized messages, joined, are the serialized merged message
(https://protobuf.dev/programming-guides/encoding/, "Last One Wins").
"""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from serving.core.background import LONG, pause

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT = 10
_VARINTS = {
    FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT32,
    FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_SINT32, FieldDescriptor.TYPE_SINT64,
    FieldDescriptor.TYPE_BOOL, FieldDescriptor.TYPE_ENUM,
}  # fmt: skip


class TooManyPiecesError(Exception):
    """A message has more pieces than it may have."""


class _Field(NamedTuple):
    number: int
    wire_type: int
    start: int
    """Of the field, with its tag."""
    value: int
    end: int


def parsed(data: bytes, kind: type[Any], most_pieces: int, part_bytes: int = LONG) -> Any:
    """The message that its type's `FromString` gives, but for fields that the type does not know.

    Args:
        data: The serialized message.
        kind: The message's type.
        most_pieces: Fields that may follow each other in what is longer than a part, such as the
            strings of a tensor.
        part_bytes: How much is parsed at once.

    Raises:
        DecodeError: It is no such message.
        TooManyPiecesError: It has too many pieces.
    """
    message = kind()
    _Reader(data, most_pieces, part_bytes).merge(message, 0, len(data))
    return message


class _Reader:
    def __init__(self, data: bytes, most_pieces: int, part_bytes: int) -> None:
        self._data = data
        self._left = most_pieces
        self._part_bytes = part_bytes

    def merge(self, message: Any, start: int, end: int) -> None:
        known = message.DESCRIPTOR.fields_by_number
        part = at = start
        while at < end:
            field = self._field(at, end)
            at = field.end
            if field.end - field.value > self._part_bytes:
                self._parse(message, part, field.start)
                part = at
                if descriptor := known.get(field.number):
                    self._merge_long(message, descriptor, field)
            elif at - part > self._part_bytes:
                self._parse(message, part, at)
                part = at
        self._parse(message, part, end)

    def _merge_long(self, message: Any, descriptor: Any, field: _Field) -> None:
        of_type = descriptor.message_type
        if field.wire_type != _BYTES or of_type is None:
            if descriptor.type in _VARINTS:
                self._merge_varints(message, field)
            else:  # What is copied as it is.
                self._parse(message, field.start, field.end)
        elif of_type.GetOptions().map_entry:
            self._merge_entry(message, descriptor, field)
        else:
            child = getattr(message, descriptor.name)
            if hasattr(child, "add"):  # It is repeated.
                child = child.add()
            child.SetInParent()
            self.merge(child, field.value, field.end)

    def _merge_entry(self, message: Any, descriptor: Any, field: _Field) -> None:
        value = descriptor.message_type.fields_by_number[2]
        if value.message_type is None:
            self._parse(message, field.start, field.end)
            return
        # An entry is a message with the key as its first field and the value as its second.
        entry = [*self._fields(field.value, field.end)]
        values = [one for one in entry if (one.number, one.wire_type) == (2, _BYTES)]
        without = b"".join(self._data[one.start : one.end] for one in entry if one.number == 1)
        holder = type(message)()
        holder.MergeFromString(_tagged(field.number, without))
        (key,) = getattr(holder, descriptor.name)
        entries = getattr(message, descriptor.name)
        entries.pop(key, None)  # A later entry stands in the place of an earlier one.
        child = entries[key]
        for one in values:
            self.merge(child, one.value, one.end)

    def _merge_varints(self, message: Any, field: _Field) -> None:
        start = field.value
        while start < field.end:
            end = min(start + self._part_bytes, field.end)
            while end < field.end and self._data[end - 1] & 0x80:
                end += 1
            message.MergeFromString(_tagged(field.number, self._data[start:end]))
            start = end
            pause()

    def _parse(self, message: Any, start: int, end: int) -> None:
        if start < end:
            message.MergeFromString(self._data[start:end])
            pause()

    def _fields(self, at: int, end: int) -> Any:
        while at < end:
            field = self._field(at, end)
            at = field.end
            yield field

    def _field(self, start: int, end: int) -> _Field:
        self._left -= 1
        if self._left < 0:
            raise TooManyPiecesError
        tag, at = self._varint(start, end)
        wire_type = tag & 7
        value = at
        if wire_type == _BYTES:
            length, value = self._varint(at, end)
            at = value + length
        elif wire_type == _VARINT:
            _, at = self._varint(at, end)
        elif wire_type in _FIXED:
            at += _FIXED[wire_type]
        else:  # Groups, which none of the messages has.
            raise DecodeError(f"wire type {wire_type}")
        if at > end or not tag >> 3:
            raise DecodeError("a field that is cut off, or without a number")
        return _Field(tag >> 3, wire_type, start, value, at)

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        value = shift = 0
        for place in range(at, min(end, at + _LONGEST_VARINT)):
            byte = self._data[place]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, place + 1
            shift += 7
        raise DecodeError("a number that does not end")


def _tagged(number: int, value: bytes) -> bytes:
    return _encoded(number << 3 | _BYTES) + _encoded(len(value)) + value


def _encoded(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])
