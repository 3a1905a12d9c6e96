"""The nodes by name: what follows from one, and which ones somebody means."""

from __future__ import annotations

import pytest

from models.common.errors import RunError
from pipeline import nodes

NAMES = list(nodes.PURPOSE)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ([], set()),
        (["Pusher"], {"Pusher"}),
        (["Evaluator", "ServingCheck"], {"Evaluator", "ServingCheck", "Pusher"}),
        (["Trainer"], {"Trainer", "Resolver", "Evaluator", "ServingCheck", "Pusher"}),
        (["ExampleGen"], set(NAMES) - {"FrozenSchema"}),
        (["SchemaGen"], {"SchemaGen"}),  # With a frozen schema, nobody uses the inferred one.
    ],
)
def test_what_follows_from_nodes(of: list[str], expected: set[str]) -> None:
    assert nodes.followers(of, NAMES) == expected


def test_nodes_that_a_pipeline_does_not_have_do_not_follow() -> None:
    names = [name for name in NAMES if name not in ("FrozenSchema", "Tuner")]
    assert nodes.followers(["Transform"], names) == set(names[names.index("Transform") :])
    assert "ExampleValidator" in nodes.followers(["SchemaGen"], names)


def test_nodes_are_taken_by_name_or_all_at_once() -> None:
    assert nodes.known(["Trainer", "Tuner"], NAMES) == ["Trainer", "Tuner"]
    assert nodes.known([nodes.ALL], NAMES) == nodes.known(["Trainer", nodes.ALL], NAMES) == NAMES
    assert nodes.known([], NAMES) == []


def test_a_misspelt_node_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(RunError, match="no node 'Trianer'; did you mean 'Trainer'") as caught:
        nodes.known(["Trianer"], NAMES)
    assert "ExampleGen, StatisticsGen" in caught.value.detail
