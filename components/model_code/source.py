"""What one source file says that it depends on: modules, environment variables, files."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_IMPORTING_MODULES = frozenset({"importlib", "imp", "pkgutil", "runpy", "zipimport"})
_IMPORTING_CALLS = ("import_module", "__import__")
_IMPORTING_FUNCTIONS = frozenset({"__import__", "compile", "eval", "exec"})
_ENVIRONMENT = frozenset({"environ", "environb", "getenv", "getenvb"})
_SEARCH_PATH = frozenset({"meta_path", "path", "path_hooks"})
_OTHER_PLACES = frozenset({"addsitedir", "__path__"})
_SETTING_METHODS = frozenset({"setdefault", "update"})


@dataclass(frozen=True)
class Mention:
    """Something that a source file names."""

    what: str
    line: int


@dataclass(frozen=True)
class Source:
    """What a source file depends on, as far as its text tells."""

    imports: tuple[Mention, ...] = ()
    """Dotted names that it may import; `from a import b` names `a` and `a.b`."""
    dynamic: bool = False
    """Whether it may import what its text does not name."""
    environment: tuple[Mention, ...] = ()
    """Where it reads environment variables."""
    search_path: tuple[Mention, ...] = ()
    """Where it changes, or looks at, what Python imports from."""
    texts: tuple[Mention, ...] = ()
    """Its literal texts."""


def read(path: Path, package: tuple[str, ...]) -> Source:
    """Reads a source file.

    Args:
        path: The file.
        package: The names of the packages that it is in, for relative imports.

    Returns:
        What it depends on; nothing for what is no Python source, which whoever imports it tells.
    """
    return _parse(path.read_bytes(), package)


def imports(path: Path, package: tuple[str, ...]) -> tuple[Mention, ...]:
    """The imports of a source file alone, in a third of the time; see `read`."""
    content = path.read_bytes()
    if any(name.encode() in content for name in _IMPORTING_CALLS):
        return _parse(content, package).imports
    return _parse_imports(content, package)


@functools.lru_cache(maxsize=512)
def _parse_imports(content: bytes, package: tuple[str, ...]) -> tuple[Mention, ...]:
    """Those of statements: expressions, which are most of a file, are passed over."""
    try:
        waiting: list[Any] = [ast.parse(content)]
    except (SyntaxError, ValueError):
        return ()
    found: list[ast.AST] = []
    for node in waiting:
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, part, None)
            waiting += inner if isinstance(inner, list) else ()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
    return tuple(_imports(found, package))


@functools.lru_cache(maxsize=512)
def _parse(content: bytes, package: tuple[str, ...]) -> Source:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return Source()
    nodes = list(ast.walk(tree))
    imports = tuple(_imports(nodes, package))
    modules = {mention.what.partition(".")[0] for mention in imports}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return Source(
        imports=imports,
        dynamic=bool(modules & _IMPORTING_MODULES or names & _IMPORTING_FUNCTIONS),
        environment=tuple(_environment(nodes)) if _may_have(content, _ENVIRONMENT) else (),
        search_path=(
            tuple(_search_path(nodes)) if _may_have(content, _SEARCH_PATH | _OTHER_PLACES) else ()
        ),
        texts=tuple(
            Mention(node.value, node.lineno)
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ),
    )


def _may_have(content: bytes, names: frozenset[str]) -> bool:
    """Whether one of the names may be in a source, which few have: to look for it takes long.

    Python reads some other characters as the letters of a name.
    """
    return not content.isascii() or any(name.encode() in content for name in names)


def _imports(nodes: list[ast.AST], package: tuple[str, ...]) -> Iterator[Mention]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (Mention(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node.module or "", node.level, package)
            # `from package import name` imports a module or something inside of one.
            yield Mention(base, node.lineno)
            yield from (Mention(f"{base}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and (name := _named_in_call(node)):
            level = len(name) - len(name.lstrip("."))
            yield Mention(_absolute(name[level:], level, package), node.lineno)


def _named_in_call(call: ast.Call) -> str | None:
    """What `import_module` or `__import__` is called with, where that is written out."""
    if _name(call.func) not in _IMPORTING_CALLS or not call.args:
        return None
    first = call.args[0]
    return str(first.value) if isinstance(first, ast.Constant) else None


def _absolute(module: str, level: int, package: tuple[str, ...]) -> str:
    parents = package[: len(package) - level + 1] if level else ()
    return ".".join([*parents, *filter(None, [module])])


def _environment(nodes: list[ast.AST]) -> Iterator[Mention]:
    """Reads of environment variables; setting one is left alone, as libraries look at some."""
    setting = {id(place) for node in nodes for place in _set_in(node)}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            taken = [alias.name for alias in node.names if alias.name in _ENVIRONMENT]
            yield from (Mention(f"os.{name}", node.lineno) for name in taken)
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in _ENVIRONMENT
            and id(node) not in setting
        ):
            yield Mention(f"os.{node.attr}", node.lineno)


def _set_in(node: ast.AST) -> Iterator[ast.AST]:
    """What a node sets an item of, taking no value from it."""
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        yield node.value  # os.environ["A"] = "b"
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        method = node.value.func
        if isinstance(method, ast.Attribute) and method.attr in _SETTING_METHODS:
            yield method.value  # os.environ.setdefault("A", "b")


def _search_path(nodes: list[ast.AST]) -> Iterator[Mention]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "sys":
            taken = [alias.name for alias in node.names if alias.name in _SEARCH_PATH]
            yield from (Mention(f"sys.{name}", node.lineno) for name in taken)
        elif isinstance(node, ast.Name | ast.Attribute):
            name = _name(node)
            if name in _OTHER_PLACES:
                yield Mention(name, node.lineno)
            elif name in _SEARCH_PATH and _name(getattr(node, "value", node)) == "sys":
                yield Mention(f"sys.{name}", node.lineno)


def _name(node: ast.AST) -> str:
    """The last name of `a.b.c`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
