"""The packages that a Dockerfile has uv install, as `uv.lock` resolves them.

An image changes with these, and not with every edit of the two files: a comment, a setting of the
linter or a tool for development leaves it as it is. The lock is written by uv alone, in a form that
a few lines read; Python 3.10 has no reader of TOML.
"""

from __future__ import annotations

import ast
import functools
import itertools
import json
import re
import shlex
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

LOCK = "uv.lock"
PROJECT = "pyproject.toml"
FILES = (LOCK, PROJECT)
"""The files that say what is installed."""
Reader = Callable[[str], "str | None"]
"""Reads a file by its path from the project's root; None where there is none."""

_SYNC = re.compile(r"\buv sync\b([^&|;]*)")
_PYTHON = re.compile(r"^FROM\s+(?:--\S+\s+)*python:(\d+\.\d+(?:\.\d+)?)", re.MULTILINE)
_ENTRY = re.compile(r'(\w+) = ("(?:[^"\\]|\\.)*"|\[[^\]]*\])')
_HEADER = re.compile(r"^\[{1,2}([\w.-]+)\]{1,2}\s*(?:#.*)?$")
_COMPARISON = re.compile(r"(\w+) (==|!=|<=|>=|<|>|~=) '([^']*)'")
_LINUX = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
    "os_name": "posix",
}


@dataclass
class Package:
    """A package of the lock."""

    name: str
    version: str
    source: str
    files: list[str] = field(default_factory=list)
    """The hashes of its files."""
    has_wheel: bool = False
    """Whether it is installed without being built."""
    needs: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """What it needs: by an extra's or a group's name, and by '' always."""


@dataclass(frozen=True)
class Sync:
    """A `uv sync` of a Dockerfile."""

    groups: frozenset[str]
    """The groups of packages; empty: those that the lock calls default."""
    with_project: bool
    """Whether what the project itself needs is installed too."""
    python: str
    """The version of Python; empty where the Dockerfile does not say it."""


def digest(dockerfile: str, read: Reader) -> str | None:
    """What a Dockerfile installs, as text that changes with it.

    Args:
        dockerfile: The Dockerfile's text.
        read: Reads the project's files.

    Returns:
        JSON; None where it installs nothing by uv, or the lock cannot be read: then the files'
        own content has to count.
    """
    wanted = syncs(dockerfile)
    lock = read(LOCK)
    if not wanted or lock is None:
        return None
    found = []
    for sync in wanted:
        packages = resolved(lock, sync)
        if packages is None:
            return None
        found.append([[one.name, one.version, one.source, sorted(one.files)] for one in packages])
    return json.dumps([found, uv_settings(read(PROJECT) or "")])


def syncs(dockerfile: str) -> list[Sync]:
    """The `uv sync`s of a Dockerfile's text."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile, flags=re.MULTILINE).replace("\\\n", " ")
    python = _PYTHON.search(text)
    found = []
    for options in _SYNC.findall(text):
        words = shlex.split(re.sub(r"(--[\w-]+)=", r"\1 ", options.partition("\n")[0]))
        pairs = list(itertools.pairwise(words))
        only = {value for flag, value in pairs if flag == "--only-group"}
        groups = {value for flag, value in pairs if flag == "--group"}
        found.append(Sync(frozenset(only | groups), not only, python[1] if python else ""))
    return found


@functools.lru_cache(maxsize=8)  # Reading a lock takes half a second.
def resolved(lock: str, sync: Sync) -> list[Package] | None:
    """The packages that a sync installs, sorted; None where the lock has no project.

    Args:
        lock: The text of `uv.lock`.
        sync: The groups, and the Python that they are for.
    """
    known: dict[str, list[Package]] = {}
    for package in _packages(lock):
        known.setdefault(package.name, []).append(package)
    own = [one for several in known.values() for one in several if '= "."' in one.source]
    if len(own) != 1:
        return None
    project = own[0]
    groups = sync.groups or frozenset(_names(project.needs.get("default-groups", [])))
    start = ["", *groups] if sync.with_project else [*groups]
    prefix = f"group-{len(project.name)}-{project.name}-"
    conditions = {f"{prefix}{group}" for group in groups}
    waiting = [(project, key) for key in start]
    seen: set[tuple[str, str, str]] = set()
    found: dict[tuple[str, str], Package] = {}
    while waiting:
        package, key = waiting.pop()
        if (package.name, package.version, key) in seen:
            continue
        seen.add((package.name, package.version, key))
        for need in package.needs.get(key, []):
            if not holds(need.get("marker", ""), sync.python, conditions):
                continue
            for one in known.get(need["name"], []):
                if need.get("version") in (None, one.version):
                    found[one.name, one.version] = one
                    extras = re.findall(r'"([^"]+)"', need.get("extra", ""))
                    waiting += [(one, extra) for extra in ("", *extras)]
    return [found[key] for key in sorted(found)]


def holds(marker: str, python: str, conditions: Collection[str] = ()) -> bool:
    """Whether a condition of the lock holds on Linux; one that cannot be told does.

    Args:
        marker: Such as `python_full_version < '3.11' and sys_platform == 'linux'`.
        python: The version of Python; empty: any.
        conditions: The values of `extra` that hold, as uv writes groups that conflict.
    """

    def told(match: re.Match[str]) -> str:
        name, operator, value = match.groups()
        if name == "extra":
            return str((value in conditions) == (operator == "=="))
        if name in ("python_full_version", "python_version"):
            return str(not python or _compares(python, operator, value))
        if name in _LINUX and operator in ("==", "!="):
            return str((_LINUX[name] == value) == (operator == "=="))
        return "True"

    text = _COMPARISON.sub(told, marker)
    if not re.fullmatch(r"(?:True|False|and|or|[() ])+", text):
        return True
    return _value(ast.parse(text.strip(), mode="eval").body)


def uv_settings(project: str) -> list[str]:
    """The lines of uv's own settings in the text of `pyproject.toml`, without comments."""
    table, found = "", []
    for line in project.splitlines():
        header = _HEADER.match(line)
        table = header[1] if header else table
        kept = re.sub(r"""^((?:[^#"']|"[^"]*"|'[^']*')*)#.*""", r"\1", line).strip()
        if kept and (table == "tool.uv" or table.startswith("tool.uv.")):
            found.append(kept)
    return found


def _packages(lock: str) -> Iterator[Package]:
    for block in re.split(r"^\[\[package\]\]\n", lock, flags=re.MULTILINE)[1:]:
        heads = dict(re.findall(r"^(name|version|source) = (.+)$", block, re.MULTILINE))
        package = Package(
            heads["name"].strip('"'), heads.get("version", "").strip('"'), heads.get("source", "")
        )
        table = key = ""
        for line in block.splitlines():
            header = _HEADER.match(line)
            opened = re.match(r"^([\w-]+) = \[", line)
            if header:
                table, key = header[1], ""
            elif opened:
                key = opened[1]
            if table == "package.metadata" or table.startswith("package.metadata."):
                continue
            package.has_wheel |= key == "wheels" and not table
            if not header and key != "resolution-markers":
                package.files += re.findall(r'hash = "([^"]+)"', line)
            entry = dict(_ENTRY.findall(line)) if line.startswith("    {") else {}
            if "name" in entry and key != "wheels":
                need = {name: value.strip('"') for name, value in entry.items()}
                package.needs.setdefault("" if not table else key, []).append(need)
            elif key == "default-groups" and opened:
                names = re.findall(r'"([^"]+)"', line)
                package.needs[key] = [{"name": name} for name in names]
        yield package


def _names(needs: list[dict[str, str]]) -> list[str]:
    return [need["name"] for need in needs]


def _compares(python: str, operator: str, value: str) -> bool:
    if value.endswith(".*"):
        same = f"{python}.".startswith(value[:-1])
        return same == (operator == "==")
    width = 3
    here, there = (
        tuple([*map(int, re.findall(r"\d+", text)), 0, 0][:width]) for text in (python, value)
    )
    return {
        "==": here == there,
        "!=": here != there,
        "<": here < there,
        "<=": here <= there,
        ">": here > there,
        ">=": here >= there,
        "~=": here >= there,
    }[operator]


def _value(node: ast.expr) -> bool:
    if isinstance(node, ast.BoolOp):
        values = [_value(one) for one in node.values]
        return all(values) if isinstance(node.op, ast.And) else any(values)
    return isinstance(node, ast.Constant) and node.value is True
