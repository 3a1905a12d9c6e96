"""Terraform's files as trees, and what is wrong with them by what the providers know."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

from tests.helpers.paths import ROOT

TERRAFORM = ROOT / "deploy" / "terraform"
_META = {"count", "depends_on", "for_each", "lifecycle", "provider"}
_REFERENCE = re.compile(
    r"(?<![\w.\"])((?:data\.)?(?:google|github)_\w+\.\w+|module\.\w+|var\.\w+|local\.\w+)"
    r"(?:\[[^\]]*\])?(?:\.(\w+))?"
)

Tree = dict[str, Any]


def module(folder: Path) -> Tree:
    """All files of a module together: kind of block, then its names, then its content."""
    return copy.deepcopy(_module(folder.resolve()))


@cache
def _module(folder: Path) -> Tree:
    whole: Tree = {}
    for path in sorted(folder.glob("*.tf")):
        for kind, blocks in plain(hcl2.loads(path.read_text(encoding="utf-8"))).items():
            for block in blocks:
                merge(whole.setdefault(kind, {}), block)
    return whole


def plain(value: Any) -> Any:
    """What the parser gave, without its marks, and text without its quotes."""
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items() if not k.startswith("__")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value[1:-1] if isinstance(value, str) and value[:1] == '"' else value


def merge(into: Tree, more: Tree) -> None:
    """Adds a block's content to another's of the same kind."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


@cache
def known() -> dict[str, Tree]:
    """What the providers know of each `resource TYPE` and `data TYPE`."""
    schema = json.loads((ROOT / "deploy/schemas/terraform.schema.json").read_text())
    return {name: one for types in schema.values() for name, one in types.items() if " " in name}


def mistakes(tree: Tree, folder: Path = TERRAFORM) -> Iterator[str]:
    """What a provider, or Terraform, would refuse in a module."""
    for kind in ("resource", "data"):
        for type_name, named in tree.get(kind, {}).items():
            for name, block in named.items():
                yield from _of_block(f"{type_name}.{name}", block, known()[f"{kind} {type_name}"])
    for name, call in tree.get("module", {}).items():
        yield from _of_call(name, call, module(folder / call["source"]))
    yield from _of_references(tree, folder)


def _of_block(name: str, block: Tree, schema: Tree) -> Iterator[str]:
    given = block.keys() - _META
    for key in given - schema["arguments"].keys() - schema["blocks"].keys():
        yield f"{name}: {key} is not known"
    for key, need in schema["arguments"].items():
        if need == "required" and key not in given:
            yield f"{name}: {key} is missing"
    for key in given & schema["blocks"].keys():
        for inner in block[key]:
            yield from _of_block(f"{name}.{key}", inner, schema["blocks"][key])


def _of_call(name: str, call: Tree, called: Tree) -> Iterator[str]:
    variables = called.get("variable", {})
    given = call.keys() - _META - {"source"}
    for key in given - variables.keys():
        yield f"module.{name}: {key} is no variable of it"
    for key, declared in variables.items():
        if "default" not in declared and key not in given:
            yield f"module.{name}: {key} is missing"


def _of_references(tree: Tree, folder: Path) -> Iterator[str]:
    for text in sorted(set(_texts(tree))):
        for address, value in _REFERENCE.findall(text):
            kind, _, name = address.removeprefix("data.").partition(".")
            if kind in ("var", "local"):
                if name not in tree.get({"var": "variable", "local": "locals"}[kind], {}):
                    yield f"{address} is not declared"
            elif kind == "module":
                if name not in tree.get("module", {}):
                    yield f"{address} is not declared"
                elif (
                    value and value not in module(folder / tree["module"][name]["source"])["output"]
                ):
                    yield f"{address} has no output {value}"
            else:
                block = "data" if address.startswith("data.") else "resource"
                if name not in tree.get(block, {}).get(kind, {}):
                    yield f"{address} is not declared"
                elif value and value not in known()[f"{block} {kind}"]["values"]:
                    yield f"{address} has no {value}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        # Outside of ${...}, what looks like a reference is text.
        yield from re.findall(r"\$\{(.*)\}", value, re.DOTALL)
