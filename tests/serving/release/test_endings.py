"""How a canary ended: the same for every server, in whatever order it reads it."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from serving.model.models_config import ServedModel
from serving.release import endings
from serving.release.endings import Ending, Outcome
from serving.release.store import Store
from serving.routing.state import Route, Routing

NOW = datetime(2026, 11, 26, tzinfo=timezone.utc)
SERVED = {"taxi": ServedModel("taxi", versions=(1, 2), labels={"stable": 1, "canary": 2, "x": 1})}
ROUTING = Routing(models={"taxi": Route(canary_share=0.3, mirror_share=0.2)})


def made(outcome: Outcome, version: int = 2, minutes: int = 0, model: str = "taxi") -> Ending:
    time = NOW + timedelta(minutes=minutes)
    return Ending(model=model, version=version, outcome=outcome, by="ann", why="w", time=time)


@pytest.mark.parametrize(
    ("known", "labels"),
    [
        ([], {"stable": 1, "canary": 2, "x": 1}),
        ([made("promoted")], {"stable": 2, "x": 1}),
        ([made("rolled back")], {"stable": 1, "x": 1}),
        # Whoever was first: one server may have been told of the one, and another of the other.
        ([made("promoted"), made("rolled back", minutes=5)], {"stable": 1, "x": 1}),
        ([made("promoted", minutes=5), made("rolled back")], {"stable": 1, "x": 1}),
        # Of what is no canary here nothing is believed.
        ([made("promoted", 3)], {"stable": 1, "canary": 2, "x": 1}),
        ([made("rolled back", 1)], {"stable": 1, "canary": 2, "x": 1}),
        ([made("promoted", model="rents")], {"stable": 1, "canary": 2, "x": 1}),
    ],
)
def test_labels_follow_from_the_endings_alone(known: list[Ending], labels: dict[str, int]) -> None:
    for order in itertools.permutations(known):
        models, routing = endings.settled(SERVED, ROUTING, order)
        assert models["taxi"].labels == labels
        ended = "canary" not in labels
        share = 0.0 if ended else 0.3
        assert routing.of("taxi").canary_share == share
        assert len(routing.events) == ended
        assert models["taxi"].versions == (1, 2), "going back takes no time"


def test_an_ending_is_added_once_and_what_is_not_readable_is_passed_over(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    assert endings.add(store, made("promoted"))
    assert not endings.add(store, made("promoted", minutes=9))
    (tmp_path / ".endings" / "taxi" / "3.promoted.json").write_text("{")
    (found,) = endings.read(store)
    assert found == made("promoted")
    assert endings.of(2, "taxi", [found]) == found and endings.of(None, "taxi", [found]) is None
