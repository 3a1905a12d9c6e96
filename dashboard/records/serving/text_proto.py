"""Reads protobuf's text format, as `models.config` has it, without protobuf.

The dashboard runs where no TensorFlow is, and the messages of TensorFlow Serving come with it.
The format: https://protobuf.dev/reference/protobuf/textformat-spec/
"""

from __future__ import annotations

import re
from typing import Any

Message = dict[str, list[Any]]
"""Every field's values in their order; a message is one of these again."""

_MAX_DEPTH = 32
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
    r"""|(?P<word>[-+]?[\w.]+|\[[\w./-]+/[\w.]+\])|(?P<sign>[{}<>:,;\[\]])"""
)
_ESCAPE = re.compile(
    rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|(.))", re.DOTALL
)
_LETTERS = {
    **{letter: letter for letter in (b"\\", b"'", b'"', b"?")},
    **{b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"},
}
_ENDS = {"{": "}", "<": ">"}


class TextProtoError(ValueError):
    """The text is not in the format; the message says where."""


def parse(text: str) -> Message:
    """A message's fields.

    Raises:
        TextProtoError: The text is not in the format.
    """
    reader = _Reader(_tokens(text))
    return reader.message(None, 0)


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found, place, line = [], 0, 1
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise TextProtoError(f"line {line}: unexpected {text[place]!r}")
        if match.lastgroup:
            found.append((match.lastgroup, match[0], line))
        line += match[0].count("\n")
        place = match.end()
    return found


def _unquoted(token: str, line: int) -> str:
    """A quoted text; its escapes are of bytes of UTF-8."""

    def byte(match: re.Match[bytes]) -> bytes:
        octal, hexadecimal, point, letter = match.groups()
        if octal or hexadecimal:
            return bytes([int(octal, 8) & 255 if octal else int(hexadecimal, 16)])
        if point:
            return chr(int(point[1:], 16)).encode("utf-8", errors="replace")
        if letter not in _LETTERS:
            raise TextProtoError(f"line {line}: {token} has an escape that there is not")
        return _LETTERS[letter]

    try:
        return _ESCAPE.sub(byte, token[1:-1].encode("utf-8", errors="replace")).decode()
    except ValueError as error:
        if isinstance(error, TextProtoError):
            raise
        raise TextProtoError(f"line {line}: {token} is no text in UTF-8") from error


class _Reader:
    """Takes one token after the other."""

    def __init__(self, tokens: list[tuple[str, str, int]]) -> None:
        self._tokens = tokens
        self._place = 0

    def message(self, end: str | None, depth: int) -> Message:
        if depth > _MAX_DEPTH:
            raise TextProtoError("nested too deeply")
        found: Message = {}
        while self._peek() != end:
            if self._peek() in (",", ";"):
                self._place += 1
                continue
            kind, name, line = self._take()
            if kind != "word":
                raise TextProtoError(f"line {line}: expected the name of a field, received {name}")
            found.setdefault(name, []).extend(self._values(depth))
        return found

    def _values(self, depth: int) -> list[Any]:
        if self._peek() == ":":
            self._place += 1
        if self._peek() != "[":
            return [self._value(depth)]
        self._place += 1
        values = []
        while self._peek() != "]":
            values.append(self._value(depth))
            if self._peek() == ",":
                self._place += 1
        self._place += 1
        return values

    def _value(self, depth: int) -> Any:
        kind, token, line = self._take()
        if token in _ENDS:
            message = self.message(_ENDS[token], depth + 1)
            self._place += 1
            return message
        if kind == "sign":
            raise TextProtoError(f"line {line}: expected a value, received {token}")
        if kind == "word":
            return int(token) if re.fullmatch(r"[-+]?\d{1,20}", token) else token
        text = _unquoted(token, line)
        while self._place < len(self._tokens) and self._tokens[self._place][0] == "text":
            _, more, line = self._take()
            text += _unquoted(more, line)
        return text

    def _peek(self) -> str | None:
        return self._tokens[self._place][1] if self._place < len(self._tokens) else None

    def _take(self) -> tuple[str, str, int]:
        if self._place >= len(self._tokens):
            raise TextProtoError("it ends within a message")
        token = self._tokens[self._place]
        self._place += 1
        return token
