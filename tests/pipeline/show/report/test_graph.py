"""The pipeline's graph as a drawing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from pipeline import nodes
from pipeline.record.run_record import Node
from pipeline.show.report import graph
from tests.pipeline.fake_run import finished, queued
from tests.pipeline.show.report.constructed import HOSTILE, record


@pytest.mark.parametrize("recorded", [True, False])
def test_the_graph_stands_upright(recorded: bool) -> None:
    run = record("pushed")
    names = [node.name for node in run.nodes]
    for node in run.nodes:
        node.upstream = nodes.upstream(node.name, names) if recorded else []
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', graph.draw(run))
    assert box and int(box[1]) < int(box[2])


def made_of(**upstream: list[str]) -> str:
    run = queued()
    run.nodes = [Node(name=name, upstream=above) for name, above in upstream.items()]
    return graph.draw(run)


def test_there_is_a_box_for_each_node_and_only_the_edges_that_say_more() -> None:
    drawing = made_of(a=[], b=["a"], c=["a", "b"], d=["c", "a"])
    assert drawing.count("<rect") == 4
    assert drawing.count('class="edge"') == 3, "a to b, b to c, c to d"


def test_a_node_stands_below_what_it_waits_for() -> None:
    drawing = made_of(last=["middle"], middle=["first"], first=[])
    across = {name: float(y) for y, name in re.findall(r'y="(\d+)" class="name">(\w+)<', drawing)}
    assert across["first"] < across["middle"] < across["last"]


def test_nodes_that_wait_for_each_other_do_not_hang() -> None:
    assert made_of(a=["a"]).count("<rect") == 1
    assert made_of(a=["b"], b=["c"], c=["a"]).count("<rect") == 3


def test_an_unknown_node_upstream_is_left_out() -> None:
    assert 'class="edge"' not in made_of(a=["gone"], b=[])


def test_hostile_names_are_text() -> None:
    drawing = made_of(**{HOSTILE: [], "b": [HOSTILE]})
    ET.fromstring(drawing)
    assert "<script" not in drawing


@pytest.mark.parametrize(
    ("story", "name", "words"),
    [
        ("pushed", nodes.TRAINER, "26.2 s"),
        ("failed", nodes.TRAINER, "failed after 26.2 s"),
        ("failed", nodes.PUSHER, "not reached"),
        ("interrupted", nodes.TRAINER, "interrupted after 26.2 s"),
        ("pushed", nodes.RESOLVER, "cached"),
        ("not_blessed", nodes.PUSHER, "not pushed"),
    ],
)
def test_a_node_says_how_it_ended_and_how_long_it_took(story: str, name: str, words: str) -> None:
    run = finished(story)
    assert graph.state(run.node(name), run) == words
    assert f"{name}: {words}" in graph.draw(run)
