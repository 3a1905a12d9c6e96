"""The server's own environment: it is tested with the pipeline's packages, so those must fit."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.helpers.paths import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = tomllib.loads((ROOT / "uv.lock").read_text())
# Where a module is not named as its package.
PACKAGES = {
    "google.protobuf": "protobuf",
    "grpc": "grpcio",
    "grpc_health": "grpcio-health-checking",
    "grpc_reflection": "grpcio-reflection",
    "tensorflow": "tensorflow-cpu",
    "tensorflow_serving": "tensorflow-serving-api",
    "pyarrow_hotfix": "pyarrow-hotfix",
    "yaml": "pyyaml",
}
# Asked for when they are needed, in words that say how to install them.
OPTIONAL = {
    "google.api_core", "google.auth", "google.cloud",
    "onnxruntime", "tensorflow_text", "tensorflow_decision_forests",
    "keras", "h5py",  # TensorFlow's own, in a process that `add` starts
}  # fmt: skip


def group(name: str) -> set[str]:
    """The packages that a dependency group names."""
    found: set[str] = set()
    for one in PROJECT["dependency-groups"][name]:
        found |= group(one["include-group"]) if isinstance(one, dict) else {package(one)}
    return found


def package(requirement: str) -> str:
    return re.split(r"[^\w-]", requirement)[0]


def locked(name: str) -> set[tuple[str, ...]]:
    """A package's versions, with the Pythons that each is for."""
    found: list[Any] = [one for one in LOCK["package"] if one["name"] == name]
    return {(one["version"], *one["resolution-markers"]) for one in found}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def test_it_has_the_tensorflow_that_the_pipeline_has() -> None:
    # tensorflow-serving-api, of which there is one version for both, fits no other.
    assert locked("tensorflow-cpu") == locked("tensorflow") != set()


def test_the_server_imports_what_its_environment_names() -> None:
    allowed = group("serving")
    missing: set[str] = set()
    for path in (ROOT / "serving").rglob("*.py"):
        for module in imported(path):
            top, two = module.split(".")[0], ".".join(module.split(".")[:2])
            if top in sys.stdlib_module_names or top == "serving" or two in OPTIONAL:
                continue
            name = PACKAGES.get(two) or PACKAGES.get(top) or top
            if name not in allowed:
                missing.add(f"{path.relative_to(ROOT)}: {module}")
    assert missing == set()
