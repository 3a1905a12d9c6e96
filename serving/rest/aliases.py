"""Paths of one's own for predictions by GET: `aliases.yaml` in the serving folder.

`/sal/{x}: salary` answers `GET /sal/25` as `GET /v1/models/salary/predict?x=25`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pydantic import Field

from serving.core.errors import Code, ServingError
from serving.core.files import settings_file
from serving.http.messages import Request
from serving.rest import pages

FILE = "aliases.yaml"
_RESERVED = {"v1", "v2", "models", "monitoring", "healthz", "readyz"}
"""First parts of paths that are the server's own."""
_WORD = re.compile(r"[A-Za-z0-9._~-]+")
_INPUT = re.compile(r"\{([^{}/]+)\}")


class AliasSettings(settings_file.Section):
    """The content of the file."""

    version: Literal[1] = 1
    """The version of this file's format."""
    aliases: dict[str, str] = Field(default_factory=dict)
    """Models by path. A part of a path is a word, or an input of the model in braces."""


@dataclass(frozen=True)
class Alias:
    """A path that stands for predictions of a model."""

    path: str
    parts: tuple[str, ...]
    model: str

    def values(self, parts: list[str]) -> list[tuple[str, str]] | None:
        """What a path has for the inputs; None if it is another path."""
        if len(parts) != len(self.parts):
            return None
        found = []
        for part, given in zip(self.parts, parts, strict=True):
            if named := _INPUT.fullmatch(part):
                if not given:
                    return None
                found.append((named[1], given))
            elif part != given:
                return None
        return found

    def overlaps(self, other: Alias) -> bool:
        """Whether some path is of both."""
        return len(self.parts) == len(other.parts) and all(
            _INPUT.fullmatch(one) or _INPUT.fullmatch(two) or one == two
            for one, two in zip(self.parts, other.parts, strict=True)
        )


@dataclass(frozen=True)
class Aliases:
    """The aliases of a server."""

    known: tuple[Alias, ...] = ()

    def meant(self, request: Request) -> Request | None:
        """The request of TensorFlow Serving's paths that one stands for; None if for none.

        Raises:
            ServingError: The query has an input that the path has, too.
        """
        parts = [unquote(part) for part in request.path.split("/")[1:]]
        for alias in self.known:
            values = alias.values(parts)
            if values is None:
                continue
            query = request.query.decode("latin-1")
            both = {name for name, _ in values} & {
                name for name, _ in parse_qsl(query, keep_blank_values=True)
            }
            if both:
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f"{request.path} has a value for {', '.join(sorted(both))}, and so has its "
                    "query",
                )
            query = "&".join(filter(None, (query, urlencode(values))))
            path = f"/v1/models/{quote(alias.model, safe='')}/predict"
            return request._replace(path=path, query=query.encode("latin-1"))
        return None


def read(folder: Path) -> Aliases:
    """The aliases of a serving folder; none where it has no such file.

    Raises:
        ServingError: The file is not usable: a path is the server's own, or of two aliases.
    """
    file = folder / FILE
    known: list[Alias] = []
    for path, model in settings_file.read(file, AliasSettings).aliases.items():
        parts = path.split("/")
        if reason := _mistake(path, parts, model):
            raise _refused(file, path, reason)
        alias = Alias(path, tuple(parts[1:]), model)
        for other in known:
            if alias.overlaps(other):
                raise _refused(file, path, f"it and '{other.path}' stand for the same paths")
        known.append(alias)
    return Aliases(tuple(known))


def _mistake(path: str, parts: list[str], model: str) -> str | None:
    """What is wrong with an alias; None if nothing is."""
    if parts[0] or len(parts) < 2:
        return "it does not begin with a slash"
    inputs = [named[1] for part in parts if (named := _INPUT.fullmatch(part))]
    for part in parts[1:]:
        if not (_WORD.fullmatch(part) or _INPUT.fullmatch(part)):
            return f"its part '{part}' is neither a word nor an input in braces"
    if _INPUT.fullmatch(parts[1]):
        return "its first part is an input, so that it would stand for any path"
    if parts[1].lower() in _RESERVED or path in pages.FILES:
        return f"'/{parts[1]}' is the server's own"
    if len(set(inputs)) < len(inputs):
        return "it has the same input twice"
    return None if model.strip() else "it names no model"


def _refused(file: Path, path: str, reason: str) -> ServingError:
    return ServingError(
        Code.INVALID_ARGUMENT,
        f"{file}: aliases: '{path}': {reason}",
        "Expected: a path such as /sal/{x}, whose parts are words of letters, digits, '.', '_', "
        "'-' and '~', or inputs of the model in braces.",
        "Correct the path, or remove it.",
    )
