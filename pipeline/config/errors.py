"""Says what is wrong in a config: file, line, key, what was received and what was expected."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic
from pydantic_core import ErrorDetails

from models.common.errors import ConfigError, did_you_mean
from pipeline.config.base import MISTAKE, Section
from pipeline.config.model_config import ModelConfig

KeyPath = tuple[str, ...]

# Our words for pydantic's, by its error types; the braces are filled from the error's context.
_EXPECTED = {
    "model_type": "expected a mapping with the keys {keys}",
    "dict_type": "expected a mapping",
    "tuple_type": "expected a list",
    "string_type": "expected text (in quotes, if YAML takes it for something else)",
    "string_too_short": "expected text that is not empty",
    "string_too_long": "expected a single character",
    "too_short": "expected at least one entry",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_parsing_size": "expected a smaller number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "greater_than": "expected a number above {gt:g}",
    "greater_than_equal": "expected a number of at least {ge:g}",
    "literal_error": "expected {expected}",
}

_ELSEWHERE = {
    "hyperparameters": "Hyperparameters are in the model's folder: hyperparameters.json has frozen "
    "ones, search_space.py their ranges and defaults.",
}
"""Where a person finds what they may look for in config.yaml."""


def explain(
    error: pydantic.ValidationError,
    tree: Mapping[str, Any],
    file: str,
    lines: Mapping[KeyPath, int],
    overridden: Sequence[KeyPath] = (),
    schema: type[Section] = ModelConfig,
) -> ConfigError:
    """Turns pydantic's errors into one of ours.

    Args:
        error: What validating the tree raised.
        tree: The file's content with the overrides applied.
        file: The file's name, as a person should read it.
        lines: The line in the file of each key.
        overridden: The keys that `--set` options gave.
        schema: What the file should be.
    """
    messages: dict[str, str] = {}
    for item in error.errors():
        path = _key_path(item, tree)
        place = _option(path, overridden) or _line(path, file, lines)
        # A shorthand such as `label: x` stands for several keys; its first mistake is enough.
        messages.setdefault(place, f"{place}: {_what(item, path, schema)}")
    only_options = all(place.startswith("--set ") for place in messages)
    count = "a problem" if len(messages) == 1 else f"{len(messages)} problems"
    return ConfigError(
        f"The --set options have {count}" if only_options else f"{file} has {count}",
        "\n".join(messages.values()),
        f"Correct {'them' if only_options else 'the file'} and run again; "
        "docs/configuration.md lists every key.",
    )


def _option(path: KeyPath, overridden: Sequence[KeyPath]) -> str | None:
    """Names the `--set` option that gave this key, something above it or something below it."""
    for option in overridden:
        length = min(len(option), len(path))
        if length and option[:length] == path[:length]:
            return f"--set {'.'.join(option if len(option) > len(path) else path)}"
    return None


def _line(path: KeyPath, file: str, lines: Mapping[KeyPath, int]) -> str:
    """Names the key and its line, or the line of the nearest key above it."""
    above = (path[:length] for length in range(len(path), 0, -1))
    line = next((lines[part] for part in above if part in lines), None)
    return f"{file}:{line}: {'.'.join(path)}" if line else f"{file}: {'.'.join(path)}"


def _key_path(item: ErrorDetails, tree: Any) -> KeyPath:
    """The keys of the file where the mistake is: pydantic's location without its own markers."""
    location = (*item["loc"], *item.get("ctx", {}).get("at", ()))
    path: list[str] = []
    for part in location:
        is_key = isinstance(tree, Mapping) and part in tree
        is_index = isinstance(tree, list) and isinstance(part, int) and part < len(tree)
        if is_key or is_index:
            tree = tree[part]
        else:
            # A missing key is named although the file does not have it.
            if isinstance(tree, Mapping | None) and item["type"] in ("missing", MISTAKE):
                path.append(str(part))
            break
        path.append(str(part))
    return tuple(path)


def _what(item: ErrorDetails, path: KeyPath, schema: type[Section]) -> str:
    """What was expected and what was received."""
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        unknown = _unknown("unknown key", path[-1], _keys(_schema_at(path[:-1], schema)))
        return " ".join(filter(None, [unknown, _ELSEWHERE.get(path[-1])]))
    if kind == "missing":
        return f"missing, but required. {_description(path, schema)}".strip()
    received = context.get("received", item["input"])
    if kind == MISTAKE:
        message = context["message"]
        if "known" in context:
            return _unknown(message, path[-1], context["known"])
    elif kind in _EXPECTED:
        keys = ", ".join(_keys(_schema_at(path, schema)))
        message = _EXPECTED[kind].format(keys=keys, **context)
        if kind == "literal_error" and isinstance(received, str):
            message += did_you_mean(received, re.findall(r"'([^']*)'", context["expected"]))
    else:
        message = item["msg"]
    if isinstance(received, Section | dict):
        return _sentence(message)
    return f"{_sentence(message)} Received: {_shown(received)}."


def _unknown(message: str, name: str, known: Sequence[str]) -> str:
    suggestion = _sentence(f"{message}{did_you_mean(name, known)}")
    return f"{suggestion} Known here: {', '.join(known) or 'none'}."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _shown(value: Any) -> str:
    """A value as YAML would have it, in at most 80 characters."""
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _schema_at(path: KeyPath, schema: type[Section]) -> Any:
    """The type that the schema gives to a key."""
    kind: Any = schema
    for part in path:
        kind = kind.model_fields[part].annotation if _is_section(kind) else _element(kind)
        if typing.get_origin(kind) in (types.UnionType, typing.Union):  # It may be left out.
            kind = next(filter(_is_section, typing.get_args(kind)), kind)
    return kind


def _element(kind: Any) -> Any:
    """The type of a mapping's values or a list's entries."""
    arguments = [argument for argument in typing.get_args(kind) if argument is not Ellipsis]
    return arguments[-1] if arguments else Any


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _keys(kind: Any) -> list[str]:
    return list(kind.model_fields) if _is_section(kind) else []


def _description(path: KeyPath, schema: type[Section]) -> str:
    """The docstring of a key, on one line."""
    section = _schema_at(path[:-1], schema)
    field = section.model_fields.get(path[-1]) if _is_section(section) else None
    return " ".join((field.description or "").split()) if field else ""
