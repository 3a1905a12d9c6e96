"""Keeps tokens and passwords out of everything that a run leaves.

What is secret is told by names: of environment variables, of keys and arguments in the config, and
by the place of a password in a URL. Where such a value turns up, whatever the file, `[hidden]`
stands instead.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

HIDDEN = "[hidden]"

_WORDS = (
    r"(?:password|passwd|passphrase|secret|token|credentials?"
    r"|api[_-]?key|access[_-]?key|private[_-]?key)"
)
_NAME = re.compile(rf"(?i){_WORDS}(?:$|[_.-])")
_ARGUMENT = re.compile(rf"(?i){_WORDS}\s*[=:]\s*([^\s&;,]+)")
_IN_URL = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")
_QUERY = re.compile(r"[?&](?:sig|signature|x-(?:amz|goog)-signature)=([^\s&]+)", re.IGNORECASE)
_SHORTEST = 6
"""Shorter values are words such as `true`, which would be hidden all over the place."""

_T = TypeVar("_T")


class Redactor:
    """Replaces secret values by `[hidden]`.

    Args:
        values: The secrets; those of fewer than six characters are ignored.
    """

    def __init__(self, values: Iterable[str]) -> None:
        forms = {
            form
            for value in values
            if len(value) >= _SHORTEST
            for form in (value, quote(value, safe=""), json.dumps(value)[1:-1])
        }
        # The longest first: one secret may be the beginning of another.
        alternatives = sorted(map(re.escape, forms), key=len, reverse=True)
        self._pattern = re.compile("|".join(alternatives)) if alternatives else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def tree(self, value: _T) -> _T:
        """JSON values without secrets, in keys and in values."""
        cleaned: Any = value
        if isinstance(value, str):
            cleaned = self.text(value)
        elif isinstance(value, Mapping):
            cleaned = {self.text(str(key)): self.tree(item) for key, item in value.items()}
        elif isinstance(value, list | tuple):
            cleaned = [self.tree(item) for item in value]
        return cleaned


def redactor(*trees: Any, environment: Mapping[str, str] = os.environ) -> Redactor:
    """A redactor of the environment's secrets and of those in JSON values such as a config."""
    found = {value for name, value in environment.items() if _NAME.search(name)}
    # A path to a file with credentials is no secret, and hiding it would hide where things are.
    found = {value for value in found if not Path(value).exists()}
    for tree in trees:
        found.update(_in_tree(tree))
    return Redactor(found - {HIDDEN, HIDDEN.strip("[]")})  # What was redacted before.


def _in_tree(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _IN_URL.findall(value)
        yield from _QUERY.findall(value)
        yield from (secret.strip("\"'[](){}") for secret in _ARGUMENT.findall(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, str) and _NAME.search(str(key)):
                yield item
            yield from _in_tree(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _in_tree(item)
        # An argument's value may be the next item: `--password`, `...`.
        for name, item in pairwise(value):
            if isinstance(name, str) and name.startswith("-") and isinstance(item, str):
                yield from ([item] if _NAME.search(name) and "=" not in name else [])


class _Output(io.TextIOBase):
    """A text stream that hides secrets on their way to another."""

    def __init__(self, stream: Any, redactor: Redactor) -> None:
        self._stream = stream
        self._redactor = redactor

    def write(self, text: str) -> int:
        self._stream.write(self._redactor.text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        for line in lines:
            self.write(line)

    def __getattribute__(self, name: str) -> Any:
        if name in ("_stream", "_redactor", "write", "writelines"):
            return super().__getattribute__(name)
        return getattr(self._stream, name)


def hide_in_output(redactor: Redactor) -> None:
    """Hides secrets in what this process prints and logs from now on."""
    sys.stdout = _Output(sys.stdout, redactor)
    sys.stderr = _Output(sys.stderr, redactor)
