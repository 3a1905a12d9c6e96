"""Reads protobuf's text format, as `models.config` has it, without protobuf.

The dashboard runs where no TensorFlow is, and the messages of TensorFlow Serving come with it.
The format: https://protobuf.dev/reference/protobuf/textformat-spec/
"""

from __future__ import annotations

import ast
import re
from typing import Any

Message = dict[str, list[Any]]
"""Every field's values in their order; a message is one of these again."""

_MAX_DEPTH = 32
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
    r"""|(?P<word>[-+]?[\w.]+|\[[\w./-]+/[\w.]+\])|(?P<sign>[{}<>:,;\[\]])"""
)
_ENDS = {"{": "}", "<": ">"}


class TextProtoError(ValueError):
    """The text is not in the format; the message says where."""


def parse(text: str) -> Message:
    """A message's fields.

    Raises:
        TextProtoError: The text is not in the format.
    """
    reader = _Reader(_tokens(text))
    message = reader.message(None, 0)
    return message


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            line = text.count("\n", 0, place) + 1
            raise TextProtoError(f"line {line}: unexpected {text[place]!r}")
        if match.lastgroup:
            found.append((match.lastgroup, match[0], text.count("\n", 0, place) + 1))
        place = match.end()
    return found


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
        text = self._unquoted(token, line)
        while self._place < len(self._tokens) and self._tokens[self._place][0] == "text":
            _, more, line = self._take()
            text += self._unquoted(more, line)
        return text

    @staticmethod
    def _unquoted(token: str, line: int) -> str:
        try:
            return str(ast.literal_eval(token))
        except (SyntaxError, ValueError) as error:
            raise TextProtoError(f"line {line}: {token} is no text") from error

    def _peek(self) -> str | None:
        return self._tokens[self._place][1] if self._place < len(self._tokens) else None

    def _take(self) -> tuple[str, str, int]:
        if self._place >= len(self._tokens):
            raise TextProtoError("it ends within a message")
        token = self._tokens[self._place]
        self._place += 1
        return token
