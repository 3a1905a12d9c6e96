"""Each manifest fits its schema, and no slip in one would go unseen: whichever of its keys is
misspelt or there twice, and whichever of its values has another type, it is refused."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.helpers import manifest_schemas
from tests.helpers.manifest_schemas import DEPLOY, RELEASES

Place = tuple[str | int, ...]

FILES = sorted(DEPLOY.rglob("*.yaml"))
MANIFESTS = [
    pytest.param(manifest, id=f"{path.stem} {manifest.get('kind', '')}".strip())
    for path in FILES
    for manifest in yaml.safe_load_all(path.read_text())
]
# What is in them has names that the user gives. Those of resources are checked by themselves.
FREE = {"services", "labels", "annotations", "selector", "matchLabels", "requests", "limits"}
WRONG: tuple[Any, ...] = ({"no such key": []}, [[[]]])


def validators(manifest: Any) -> list[Draft202012Validator]:
    if "apiVersion" not in manifest:
        return [manifest_schemas.compose()]
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    if api_version.startswith("serving.kserve.io/"):
        return [manifest_schemas.kserve()]
    return [manifest_schemas.kubernetes(kind, api_version, release) for release in RELEASES]


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    """Where every value in a manifest is."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*above, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*above, key))


def parent(manifest: Any, place: Place) -> Any:
    for key in place[:-1]:
        manifest = manifest[key]
    return manifest


def unseen(manifest: Any, slips: Iterator[tuple[Place, Any]]) -> set[Place]:
    """The places of the slips that no schema refuses."""
    schemas = validators(manifest)
    return {place for place, slip in slips if all(schema.is_valid(slip) for schema in schemas)}


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_it_fits_its_schema(manifest: Any) -> None:
    for schema in validators(manifest):
        assert [
            f"{error.json_path}: {error.message}" for error in schema.iter_errors(manifest)
        ] == []


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_each_misspelt_key_is_refused(manifest: Any) -> None:
    def slips() -> Iterator[tuple[Place, Any]]:
        for place in places(manifest):
            if isinstance(place[-1], str) and (len(place) < 2 or place[-2] not in FREE):
                slip = copy.deepcopy(manifest)
                inner = parent(slip, place)
                inner[f"{place[-1]}x"] = inner.pop(place[-1])
                yield place, slip

    assert unseen(manifest, slips()) == set()


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_each_value_of_another_type_is_refused(manifest: Any) -> None:
    def slips() -> Iterator[tuple[Place, Any]]:
        for place in places(manifest):
            for wrong in WRONG:
                slip = copy.deepcopy(manifest)
                parent(slip, place)[place[-1]] = wrong
                yield place, slip

    assert unseen(manifest, slips()) == set()


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_resources_are_amounts_of_what_there_is(manifest: Any) -> None:
    for place in places(manifest):
        if len(place) > 2 and place[-3] == "resources" and place[-2] in ("requests", "limits"):
            assert place[-1] in ("cpu", "memory", "storage")
            assert re.fullmatch(r"\d+(m|Mi|Gi)?", parent(manifest, place)[place[-1]]), place


def twice(node: yaml.Node | None) -> list[str]:
    """The keys that a mapping has more than once, of which readers keep one."""
    found: list[str] = []
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        found += [
            f"{key} in line {node.start_mark.line + 1}" for key in keys if keys.count(key) > 1
        ]
        for _, value in node.value:
            found += twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            found += twice(value)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_key_is_there_twice(path: Path) -> None:
    assert [key for node in yaml.compose_all(path.read_text()) for key in twice(node)] == []


def test_a_key_that_is_there_twice_would_be_seen() -> None:
    assert twice(yaml.compose("a: [{b: 1, c: 2, b: 3}]")) == ["b in line 1", "b in line 1"]
