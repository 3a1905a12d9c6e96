"""Hashes of exactly the source files that a node's user code depends on.

TFX's cache sees a node's parameters, not the files behind a dotted path. With these hashes among
the parameters an edited file runs the nodes that use it again, and no others; and as each file has
its own, a later run can tell which one it was.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_PACKAGES = ("models", "components")
_READ_BY_THE_PIPELINE = ("config.yaml", "schema.pbtxt", "hyperparameters.json")
"""Files of a model's folder whose content reaches the nodes as parameters."""


def file_hashes(*modules: str, root: Path = ROOT) -> dict[str, str]:
    """Hashes each of the modules and everything under `models/` that they import, in any depth.

    Args:
        modules: Dotted names such as `models.taxi.preprocessing`.
        root: The project's root.

    Returns:
        The first 32 hexadecimal digits of each file's SHA-256, by its path from the root, sorted.
    """
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:32]
        for path in sorted(_closure(modules, root))
    }


def model_files(*modules: str, root: Path = ROOT) -> list[Path]:
    """All files under `models/` that the modules need when they run, sorted.

    Args:
        modules: Dotted names, of modules under `models/` or `components/`.
        root: The project's root.
    """
    return sorted(path for path in _closure(modules, root) if root / "models" in path.parents)


def _closure(modules: tuple[str, ...], root: Path) -> set[Path]:
    """The modules' files, those of all that they import, and the data files of their models."""
    found: set[Path] = set()
    there = [module for module in modules if _file(module, root)]
    waiting = [name for module in there for name in _with_parents(module)]
    while waiting:
        path = _file(waiting.pop(), root)
        if path and path not in found:
            found.add(path)
            waiting.extend(_imports(path, root))
    return found | _data_files(found, root)


def _data_files(sources: set[Path], root: Path) -> set[Path]:
    """What lies beside a model's code for it to read, such as a list of words."""
    parts = (path.relative_to(root).parts for path in sources)
    models = {part[1] for part in parts if part[0] == "models" and len(part) > 2} - {"common"}
    beside = (path for model in models for path in (root / "models" / model).rglob("*"))
    return {path for path in beside if path.is_file() and _is_data(path.relative_to(root))}


def _is_data(path: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in path.parts)
    return not (hidden or path.suffix in (".py", ".md") or path.name in _READ_BY_THE_PIPELINE)


def _file(module: str, root: Path) -> Path | None:
    """The source of one of the project's modules; None for a name inside of one."""
    if module.partition(".")[0] not in _PACKAGES:
        return None
    path = root.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(path: Path, root: Path) -> Iterator[str]:
    """The dotted names that a file may import, each module with its parent packages."""
    package = path.relative_to(root).parts[:-1]
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # Whoever imports it tells.
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*parents, *filter(None, [node.module])])
            # `from package import name` imports a module or something inside of one.
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield from _with_parents(name)


def _with_parents(module: str) -> Iterator[str]:
    """Importing `a.b.c` runs `a` and `a.b` too."""
    parts = module.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))
