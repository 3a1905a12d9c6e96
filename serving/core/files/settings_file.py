"""YAML files in the serving folder: read and checked as a whole, with errors that name the key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import yaml

from serving.core.errors import Code, ServingError
from serving.core.files import regular_file

_MOST = 500_000
"""Values in a file, each counted as often as aliases repeat it."""

_BRACKETS = re.compile(r"[][{}]")
_DEEPEST = 100

Settings = TypeVar("Settings", bound=pydantic.BaseModel)


class Section(pydantic.BaseModel):
    """A mapping of known keys."""

    model_config = pydantic.ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def read(path: Path, kind: type[Settings]) -> Settings:
    """Reads a file of settings; a missing or empty one means the defaults.

    Raises:
        ServingError: The file cannot be read, is not YAML, or has a key or value that it may not.
    """
    try:
        content = _parsed(regular_file.read(path).decode())
    except FileNotFoundError:
        content = None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"{path} cannot be read",
            f"Received: {getattr(error, 'strerror', None) or error}",
            "Correct the file, or remove it.",
        ) from error
    try:
        return kind.model_validate({} if content is None else content)
    except pydantic.ValidationError as error:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"{path} has {error.error_count()} mistake{'s' if error.error_count() > 1 else ''}",
            "\n".join(_line(mistake, kind) for mistake in error.errors()),
            "Correct the keys; docs/operating.md lists them.",
        ) from error


def _parsed(text: str) -> Any:
    """The content of YAML text.

    Raises:
        yaml.YAMLError: It is not YAML, or a few lines of it stand for very many values.
        ValueError: It has a date that there is not.
        RecursionError: It is nested more deeply than Python can follow.
    """
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        if depth > _DEEPEST:  # PyYAML would take seconds to give up.
            raise RecursionError("it is nested too deeply")
    loader = yaml.SafeLoader(text)
    root = loader.get_single_node()
    values, nodes = 0, [root] if root else []
    while nodes:
        node = nodes.pop()
        values += 1
        if values > _MOST:
            raise yaml.YAMLError(f"more than {_MOST:,} values, by aliases (*name) of aliases")
        if isinstance(node, yaml.MappingNode):
            nodes += [one for pair in node.value for one in pair]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value
    return None if root is None else loader.construct_document(root)


def _line(mistake: Any, kind: type[pydantic.BaseModel]) -> str:
    key = ".".join(map(str, mistake["loc"])) or "the file"
    if mistake["type"] == "extra_forbidden":
        return f"{key}: there is no such key{did_you_mean(str(mistake['loc'][-1]), _keys(kind))}"
    if mistake["type"] == "missing":
        return f"{key}: is missing"
    received = f"{mistake['input']!r:.80}"
    return f"{key}: {mistake['msg'][:1].lower()}{mistake['msg'][1:]}. Received: {received}"


def _keys(kind: type[pydantic.BaseModel]) -> set[str]:
    """Every key that stands anywhere in the file."""
    schema = kind.model_json_schema()
    return {
        name
        for part in (schema, *schema.get("$defs", {}).values())
        for name in part.get("properties", {})
    }


def did_you_mean(received: str, known: Iterable[str]) -> str:
    """Returns `; did you mean 'x'?` where one of the known names is close, else nothing."""
    close = difflib.get_close_matches(received, sorted({*known} - {received}), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""
