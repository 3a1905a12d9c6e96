"""The demonstration, act by act: each runs the project's own commands, and says what came of it."""

from __future__ import annotations

import csv
import itertools
import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monitoring.core.errors import MonitoringError
from monitoring.demo import trips
from monitoring.demo.desk import ROOT, Desk, lines
from monitoring.demo.traffic import Answered, ask
from monitoring.demo.trips import Trip

WINDOW = 1_000
"""Rows of a look."""
_MOST_SECONDS = 600.0
"""For the way from the alarm to the end."""


class Story:
    """What happens on a desk.

    Args:
        desk: The desk.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._began = time.monotonic()
        self._history = desk.models / ".monitoring" / "taxi" / "history.jsonl"

    def tell(self) -> None:
        """Plays all acts.

        Raises:
            MonitoringError: Something does not come as it should.
        """
        train, asked = trips.kept_back(trips.read(ROOT / "data" / "taxi" / "trips.csv"))
        ordinary, changed = asked[:WINDOW], trips.moved(asked[WINDOW:])
        seen, later = changed[:WINDOW], changed[WINDOW:]
        self._train(train)
        port = self._desk.serve()
        self._ordinary(port, ordinary)
        answered = self._changed(port, seen)
        self._labels(answered)
        self._allow()
        self._loop(port, later)
        self._end(port, answered, later)

    def _train(self, train: Sequence[Trip]) -> None:
        self._say(f"Training on {len(train):,} taxi trips: who tips more than a fifth of the fare?")
        trips.write(self._desk.folder / "data" / "taxi" / "trips.csv", train)
        self._desk.configure(WINDOW)
        self._desk.run("pipeline", "run", "taxi")
        if not (self._desk.folder / "models" / "taxi" / "hyperparameters.json").exists():
            self._desk.run("pipeline", "freeze-hyperparameters", "taxi")  # One search is enough.
        self._say(f"Version {self._versions()[-1]} is pushed, with a profile of what it knows.")

    def _ordinary(self, port: int, ordinary: Sequence[Trip]) -> None:
        answered = ask(port, ordinary)
        self._desk.run("monitoring", "watch", "taxi", "--once", expected=(0, 1, 3))
        look = self._looks()[-1]
        self._say(f"{len(answered):,} ordinary trips were asked. Look 1: {look['headline']}")

    def _changed(self, port: int, seen: Sequence[Trip]) -> list[Answered]:
        self._say(
            f"Now the world moves: fares rise by {trips.DEARER - 1:.0%}, half of the cards become "
            f"'{trips.NEW_PAYMENT}', a third of the trips say no location."
        )
        answered = ask(port, seen)
        self._desk.run("monitoring", "watch", "taxi", "--once", expected=(0, 1, 3))
        look = self._looks()[-1]
        self._say(f"{len(answered):,} such trips were asked. Look 2: {look['headline']}")
        if look["verdict"] != "alarm":
            raise MonitoringError("There is no alarm", f"Look 2 says: {look['verdict']}.")
        for found in [each for each in look["findings"] if each["verdict"] == "differs"][:6]:
            self._say(f"  {found['words']}")
        alarm = next(each for each in self._events()[::-1] if each["event"] == "alarm")
        if page := alarm["detail"].get("page"):
            self._say(f"  Its pictures: {self._history.parent / page}")
        return answered

    def _labels(self, answered: Sequence[Answered]) -> None:
        path = self._desk.folder / "truth.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("request_id", "tips"))
            writer.writerows((each.request, each.trip["tips"]) for each in answered)
        options = ["--file", str(path), "--id", "request_id", "--label", "tips"]
        self._desk.run("monitoring", "labels", "taxi", *options)
        self._say(
            f"The tips of those trips come in: {_right(answered):.1%} of the answers were right, "
            "and the rows are there to learn from."
        )

    def _allow(self) -> None:
        self._desk.allow("payment_type", trips.NEW_PAYMENT)
        self._say(
            f"The frozen schema does not know '{trips.NEW_PAYMENT}', so the pipeline would stop: "
            "somebody allows it, in models/taxi/schema.pbtxt."
        )

    def _loop(self, port: int, later: Sequence[Trip]) -> None:
        # Here training, and both versions, share the desk: latency says little.
        self._desk.run("serving", "route", "taxi", "--latency-ratio", "50")
        watcher = self._desk.start("watch", "monitoring", "watch", "taxi", "--act", "--every", "1")
        ended = threading.Event()
        traffic = threading.Thread(target=_go_on_asking, args=(port, later, ended), daemon=True)
        traffic.start()
        try:
            self._follow(watcher.poll)
        finally:
            ended.set()
            traffic.join(10)
        self._desk.stop(watcher)

    def _follow(self, status: Any) -> None:
        """Tells what happens until it has come to an end."""
        told = len(self._events())
        end = time.monotonic() + _MOST_SECONDS
        while time.monotonic() < end:
            events = self._events()
            for each in events[told:]:
                if each["event"] not in ("notified", "watch started", "alarm"):
                    version = f" version {each['version']}" if "version" in each else ""
                    self._say(f"{each['event']}:{version} {each['detail'].get('text', '')}")
                if each["event"] in ("promoted", "rolled back"):
                    return
                if each["event"] == "retraining ended" and each["detail"]["outcome"] != "pushed":
                    raise MonitoringError("Nothing was pushed", each["detail"]["text"])
            told = len(events)
            if status() is not None:
                raise MonitoringError("The watcher has ended", remedy="Its log is watch.log.")
            time.sleep(0.2)
        raise MonitoringError("It takes too long", remedy="The logs are beside the copy.")

    def _end(self, port: int, before: Sequence[Answered], later: Sequence[Trip]) -> None:
        now = ask(port, [each.trip for each in before[:200]])
        after = ask(port, later)
        self._desk.run("monitoring", "watch", "taxi", "--once", expected=(0, 1, 3))
        newest = self._versions()[-1]
        looks = [look for look in self._looks() if look["version"] == newest]
        said = looks[-1]["headline"] if looks else "no window is complete yet."
        self._say(
            f"Version {newest} answers: {_right(after):.1%} are right of {len(after):,} trips that "
            f"no version has learned from. Look {len(looks)} at it: {said}"
        )
        if looks and looks[-1]["verdict"] == "alarm":
            self._say(
                f"  Of what it learned from, {len(before):,} trips are of the moved world, and all "
                "that it is asked now: more labels, and more retrainings, close that gap."
            )
        self._say(f"It answers all {len(now)} trips that were asked again.")
        self._say(f"All of it is in {self._desk.folder}; the events are in {self._history}")

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    def _versions(self) -> list[int]:
        folder = self._desk.models / "taxi"
        return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())

    def _events(self) -> list[dict[str, Any]]:
        found = lines(self._history) if self._history.exists() else []
        return [{**each, "detail": each.get("detail", {})} for each in found]

    def _looks(self) -> list[dict[str, Any]]:
        paths = self._history.parent.glob("*/looks/*.json")
        return [json.loads(path.read_text()) for path in sorted(paths, key=lambda p: p.name)]


def _go_on_asking(port: int, later: Sequence[Trip], ended: threading.Event) -> None:
    """Asks at a pace that leaves the machine to the training."""
    for trip in itertools.cycle(later):
        if ended.wait(0.02):
            return
        ask(port, [trip])


def _right(answered: Sequence[Answered]) -> float:
    right = [(each.probability > 0.5) == trips.tips_much(each.trip) for each in answered]
    return sum(right) / len(right)


def folder() -> Path:
    """Where the demonstration is played."""
    return ROOT / "runs" / "demo-drift"
