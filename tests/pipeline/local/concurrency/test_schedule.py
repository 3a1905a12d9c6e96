"""Whatever takes how long, a node is run after all that it waits for, and once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import nodes
from pipeline.local.concurrency.schedule import Schedule

BESIDE = [name for name in nodes.ORDER if nodes.SPECS[name].runs_beside]


def played(names: list[str], draw: random.Random, *, beside: bool) -> list[tuple[str, set[str]]]:
    """Plays a run whose nodes take whatever time; each node with what had been run before it."""
    schedule, done, begun = Schedule(names, beside), set[str](), list[tuple[str, set[str]]]()
    running: dict[bool, str] = {}
    while not schedule.is_through:
        for lane in (True, False):
            if lane not in running and (name := schedule.take(beside=lane)):
                begun.append((name, set(done)))
                running[lane] = name
        ended = running.pop(draw.choice(sorted(running)))
        schedule.finish(ended)
        done.add(ended)
    return begun


@given(st.sets(st.sampled_from(nodes.ORDER), min_size=1), st.integers(0, 99))
def test_a_node_waits_for_all_that_it_needs(chosen: set[str], seed: int) -> None:
    names = [name for name in nodes.ORDER if name in chosen]
    begun = played(names, random.Random(seed), beside=True)
    assert sorted(name for name, _ in begun) == sorted(names)
    for name, done in begun:
        needed = nodes.needed_for(name, names) - {name}
        not_awaited = set(nodes.SPECS[name].does_not_await)
        # What only the gate needs has not to be there either.
        direct = set(nodes.upstream(name, names)) - not_awaited
        assert direct <= done
        if not not_awaited:
            assert needed <= done


@given(st.sets(st.sampled_from(nodes.ORDER), min_size=1))
def test_in_one_process_the_order_is_that_of_the_nodes(chosen: set[str]) -> None:
    names = [name for name in nodes.ORDER if name in chosen]
    begun = played(names, random.Random(0), beside=False)
    assert [name for name, _ in begun] == names


def test_nothing_is_trained_before_the_gate() -> None:
    schedule = Schedule(nodes.ORDER, beside=True)
    for name in (nodes.EXAMPLE_GEN, nodes.STATISTICS_GEN, nodes.SCHEMA_GEN):
        assert schedule.take() == name
        schedule.finish(name)
    assert schedule.take(beside=True) == nodes.FROZEN_SCHEMA
    schedule.finish(nodes.FROZEN_SCHEMA)
    assert schedule.take(beside=True) == nodes.TRANSFORM
    schedule.finish(nodes.TRANSFORM)
    for name in (nodes.EXAMPLE_VALIDATOR, nodes.DATA_GATE):
        assert schedule.take() == name
        assert schedule.take() is None
        schedule.finish(name)
    assert schedule.take() == nodes.TUNER


@pytest.mark.parametrize("name", BESIDE)
def test_what_is_not_awaited_is_a_gate_of_which_nothing_is_used(name: str) -> None:
    spec = nodes.SPECS[name]
    for gate in spec.does_not_await:
        assert nodes.SPECS[gate].is_gate and gate in spec.upstream
        assert gate not in spec.required_inputs.values()
