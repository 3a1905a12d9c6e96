"""The pipeline's graph as a drawing: a box for each node, from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from pipeline import nodes as pipeline_nodes
from pipeline.record.run_record import Node, RunRecord
from pipeline.show import formatting
from pipeline.show.node_state import node_state

_WIDTH, _HEIGHT = 158, 34
_GAP_X, _GAP_Y = 16, 20
_MARGIN = 2


def draw(record: RunRecord) -> Markup:
    """An SVG drawing of a run's nodes, their states and durations.

    An edge is left out where another path says the same, so that the drawing shows what waits for
    what and no more.
    """
    nodes = record.nodes
    known = {node.name for node in nodes}
    # A record from before these were recorded has none.
    recorded = any(node.upstream for node in nodes)
    upstream = {
        node.name: [
            name
            for name in (node.upstream if recorded else pipeline_nodes.upstream(node.name, known))
            if name in known
        ]
        for node in nodes
    }
    layers = _layers(upstream)
    rows = max(layers.values(), default=0) + 1
    columns = max((list(layers.values()).count(row) for row in range(rows)), default=1)
    width = columns * (_WIDTH + _GAP_X) - _GAP_X + 2 * _MARGIN
    height = rows * (_HEIGHT + _GAP_Y) - _GAP_Y + 2 * _MARGIN
    places = _places(layers, width)
    parts = [
        Markup(
            '<svg class="graph" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" '
            'role="img" aria-labelledby="graph-title graph-text">'
            '<title id="graph-title">The nodes and what each waits for</title>'
            '<desc id="graph-text">{}</desc>'
        ).format(width, height, width, "; ".join(f"{n.name}: {state(n, record)}" for n in nodes))
    ]
    for name, before in _reduced(upstream, layers).items():
        parts += [_edge(places[other], places[name]) for other in before]
    parts += [_box(node, state(node, record), *places[node.name]) for node in nodes]
    return Markup("").join([*parts, Markup("</svg>")])


def state(node: Node, record: RunRecord) -> str:
    """How a node ended and how long it took."""
    found, took = node_state(node, record), formatting.duration(node.seconds)
    if found == "done":
        return took or found
    if node.status == "failed" and took:
        return f"{found} after {took}"
    return "not reached" if found == "queued" else found


def _layers(upstream: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The row of each node: one below the lowest that it waits for."""
    layers: dict[str, int] = {}
    remaining = dict(upstream)
    while remaining:
        ready = [name for name, before in remaining.items() if all(b in layers for b in before)]
        for name in ready or list(remaining):  # A cycle cannot be, but must not hang.
            above = [layers[b] for b in remaining.pop(name) if b in layers]
            layers[name] = max(above, default=-1) + 1
    # What nothing precedes stands right above what needs it.
    for name, before in upstream.items():
        after = [layers[other] for other, needs in upstream.items() if name in needs]
        if not before and after:
            layers[name] = min(after) - 1
    return layers


def _places(layers: Mapping[str, int], width: int) -> dict[str, tuple[float, float]]:
    places: dict[str, tuple[float, float]] = {}
    for row in set(layers.values()):
        names = [name for name, layer in layers.items() if layer == row]
        total = len(names) * (_WIDTH + _GAP_X) - _GAP_X
        for index, name in enumerate(names):
            x = (width - total) / 2 + index * (_WIDTH + _GAP_X)
            places[name] = (x, _MARGIN + row * (_HEIGHT + _GAP_Y))
    return places


def _reduced(
    upstream: Mapping[str, Sequence[str]], layers: Mapping[str, int]
) -> dict[str, list[str]]:
    """The edges that no longer path replaces (the transitive reduction); a cycle is cut."""
    down = {
        name: [one for one in before if layers[one] < layers[name]]
        for name, before in upstream.items()
    }

    def above(name: str) -> set[str]:
        return {far for near in down[name] for far in (near, *above(near))}

    reach = {name: above(name) for name in down}
    return {
        name: [one for one in before if not any(one in reach[other] for other in before)]
        for name, before in down.items()
    }


def _edge(start: tuple[float, float], end: tuple[float, float]) -> Markup:
    x1, y1 = start[0] + _WIDTH / 2, start[1] + _HEIGHT
    x2, y2 = end[0] + _WIDTH / 2, end[1]
    turn, middle = y2 - _GAP_Y, y2 - _GAP_Y / 2
    path = f"M{x1:g} {y1:g}V{turn:g}C{x1:g} {middle:g} {x2:g} {middle:g} {x2:g} {y2:g}"
    return Markup('<path class="edge" d="{}"/>').format(path)


def _box(node: Node, below: str, x: float, y: float) -> Markup:
    return Markup(
        '<g class="node {}"><rect x="{:g}" y="{:g}" width="{}" height="{}" rx="4"/>'
        '<text x="{:g}" y="{:g}" class="name">{}</text>'
        '<text x="{:g}" y="{:g}">{}</text></g>'
    ).format(
        node.status, x, y, _WIDTH, _HEIGHT, x + 9, y + 14, escape(node.name), x + 9, y + 27,
        escape(below),
    )  # fmt: skip
