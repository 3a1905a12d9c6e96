"""Reads YAML more strictly than YAML asks: text keys that stand once, plain values, no dates.

Whatever the text is, the only exception that comes out is `ConfigError`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from models.common.errors import ConfigError
from models.common.files import regular_file

Lines = dict[tuple[str, ...], int]

_STANDARD = "tag:yaml.org,2002:"
_PLAIN_TAGS = {_STANDARD + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq")}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_LARGEST = 2**20
"""Bytes of a file; PyYAML takes some two seconds for so many."""
_MOST = 50_000
"""Keys and entries in a file, each counted as often as aliases repeat it."""
_BRACKETS = re.compile(r"[][{}]")
_DEEPEST = 100
_HINT = "Indent with spaces, and put text with any of : # [ ] { } , & * in quotes."


class _Loader(yaml.SafeLoader):
    """Leaves dates as text: no key takes one, and an impossible one raises."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path, name: str) -> tuple[dict[str, Any], Lines]:
    """Reads a file whose top level is a mapping.

    Args:
        path: The file.
        name: What messages call it.

    Returns:
        The content, and the line of each key by its path, from 1.
    """
    try:
        text = regular_file.read(path, _LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{name} is not UTF-8 text", f"{error}.", "Save it with the encoding UTF-8."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{name} cannot be read",
            f"Received: {error.strerror}.",
            "Make it a text file that this user can read.",
        ) from None
    tree, lines = parse(text, name)
    if not isinstance(tree, dict):
        found = "nothing" if tree is None else f"a {'list' if isinstance(tree, list) else 'value'}"
        raise ConfigError(
            f"{name} holds no keys",
            f"Received: {found}. Expected: a mapping that starts with 'data:'.",
            "Start from models/taxi/config.yaml.",
        )
    return tree, lines


def parse(text: str, name: str) -> tuple[Any, Lines]:
    """Parses YAML text; returns the content and the line of each key by its path, from 1.

    Raises:
        ConfigError: The text is not valid YAML, or says more than a config may.
    """
    lines: Lines = {}
    try:
        _check_depth(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None, lines
        _check(node, (), lines, name)
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(name, mark.line + 1) if mark else name
        snippet = (mark.get_snippet() or "") if mark else ""
        problem = ", ".join(filter(None, [error.context, error.problem]))
        raise ConfigError(f"{place}: not valid YAML: {problem}", snippet, _HINT) from None
    except yaml.reader.ReaderError as error:
        raise ConfigError(
            f"{name} has a character that YAML forbids",
            f"Received: U+{ord(text[error.position]):04X}, as character {error.position + 1}.",
            "Remove it.",
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        # ValueError: a tag such as !!int before something that is none.
        raise ConfigError(f"{name} is not valid YAML", f"{error}.", _HINT) from None
    except RecursionError:
        raise ConfigError(
            f"{name} is nested too deeply", "A few levels are expected.", "Flatten it."
        ) from None


def _check_depth(text: str) -> None:
    """Raises a RecursionError for brackets that PyYAML would take seconds to give up at."""
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        if depth > _DEEPEST:
            raise RecursionError


def _check(node: yaml.Node, path: tuple[str, ...], lines: Lines, name: str) -> None:
    """Notes the line of each key below the node; refuses what a config has no use for."""
    line = node.start_mark.line + 1
    if len(lines) > _MOST:
        raise ConfigError(
            f"{_place(name, line)}: there are more than {_MOST:,} values",
            "Expected: a few. Where a line is repeated by an alias (*name), each of its values "
            "counts again.",
            "Write out what is meant, without aliases of aliases, and keep data in files.",
        )
    if node.tag not in _PLAIN_TAGS:
        tag = node.tag.replace(_STANDARD, "!!")
        raise ConfigError(
            f"{_place(name, line)}: '{'.'.join(path)}' has the tag {tag}",
            "Expected: text, numbers, true or false, null, lists and mappings.",
            "Remove the tag.",
        )
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _check(value, _note_key(key, path, lines, name), lines, name)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            here = (*path, str(index))
            lines[here] = item.start_mark.line + 1
            _check(item, here, lines, name)


def _note_key(key: yaml.Node, path: tuple[str, ...], lines: Lines, name: str) -> tuple[str, ...]:
    line = key.start_mark.line + 1
    if not isinstance(key, yaml.ScalarNode):
        kind = "list" if isinstance(key, yaml.SequenceNode) else "mapping"
        raise ConfigError(f"{_place(name, line)}: a {kind} stands where a key should", "", _HINT)
    if key.tag == _STANDARD + "int" and _WHOLE.fullmatch(key.value):
        key.tag = _STANDARD + "str"  # As in `{0: 1, 1: 10}`, by class: one text, in quotes or not.
    if key.tag not in (_STANDARD + "str", _STANDARD + "merge"):
        raise ConfigError(
            f"{_place(name, line)}: the key {key.value} is not text",
            f"YAML takes it for {key.tag.removeprefix(_STANDARD)}. Expected: the name of a key.",
            f'If it is one, put it in quotes: "{key.value}".',
        )
    here = (*path, str(key.value))
    if here in lines:
        raise ConfigError(
            f"{_place(name, line)}: the key '{'.'.join(here)}' stands twice",
            f"It was first set in line {lines[here]}.",
            "Remove one of the two.",
        )
    lines[here] = line
    return here


def _place(name: str, line: int) -> str:
    """Where something stands; an option of the command line has one line only."""
    return name if name.startswith("--set ") else f"{name}:{line}"
