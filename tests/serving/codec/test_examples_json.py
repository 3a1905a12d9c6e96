"""The bodies of `:classify` and `:regress` become `tf.Example`s."""

from __future__ import annotations

from typing import Any

import pytest

from serving.core.errors import ServingError

pytestmark = pytest.mark.tfx


def features(body: dict[str, Any]) -> list[dict[str, tuple[str, list[Any]]]]:
    from tensorflow.core.example import example_pb2

    from serving.codec import examples_json

    found = []
    for serialized in examples_json.serialized(body):
        given = example_pb2.Example.FromString(serialized).features.feature
        kinds = {name: feature.WhichOneof("kind") for name, feature in given.items()}
        found.append(
            {name: (kind, list(getattr(given[name], kind).value)) for name, kind in kinds.items()}
        )
    return found


def test_each_value_becomes_a_feature_of_its_type() -> None:
    row = {"f": 0.5, "i": [1, 2], "b": True, "s": "a", "bytes": {"b64": "/w=="}}
    assert features({"examples": [row]}) == [
        {
            "f": ("float_list", [0.5]), "i": ("int64_list", [1, 2]), "b": ("int64_list", [1]),
            "s": ("bytes_list", [b"a"]), "bytes": ("bytes_list", [b"\xff"]),
        }
    ]  # fmt: skip


def test_the_context_is_in_each_example() -> None:
    body = {"context": {"c": 1}, "examples": [{"x": 2}, {"x": 3}]}
    assert features(body) == [{"c": ("int64_list", [1]), "x": ("int64_list", [x])} for x in (2, 3)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "key 'examples' is expected"),
        ({"examples": {}}, "to be an list/array"),
        ({"examples": []}, "is an empty array"),
        ({"examples": [1]}, "Example must be JSON object"),
        ({"examples": [{"x": None}]}, "unexpected JSON type: Null"),
        ({"examples": [{"x": {"a": 1}}]}, "unexpected JSON type: Object"),
        ({"examples": [{"x": [1, 2.0]}]}, "expecting type: int64"),
        ({"examples": [{"x": 2**63}]}, "Only int64 is supported"),
        ({"examples": [{"x": "\ud800"}]}, "surrogate"),
        ({"context": {"c": "x" * 2**20}, "examples": [{}] * 65}, "too many for 65 examples"),
    ],
)
def test_what_no_example_can_hold_is_refused(body: dict[str, Any], message: str) -> None:
    with pytest.raises(ServingError, match=message):
        features(body)
