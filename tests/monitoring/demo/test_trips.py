"""The trips of the demonstration."""

from __future__ import annotations

from pathlib import Path

from models.taxi import features
from monitoring.demo import trips
from tests.helpers.paths import ROOT

TABLE = ROOT / "data" / "taxi" / "trips.csv"


def test_the_model_is_asked_with_its_own_inputs() -> None:
    assert set(trips.INPUTS) == set(features.INPUTS)


def test_no_trip_is_both_trained_on_and_asked(tmp_path: Path) -> None:
    every = trips.read(TABLE)
    train, asked = trips.kept_back(every)
    assert len(train) + len(asked) == len(every) and len(asked) > 2000
    trips.write(tmp_path / "t.csv", train)
    assert trips.read(tmp_path / "t.csv") == train


def test_the_world_moves_and_the_truth_stays() -> None:
    before = trips.kept_back(trips.read(TABLE))[1]
    after = trips.moved(before)
    pairs = zip(before, after, strict=True)
    other = sum(trips.tips_much(a) != trips.tips_much(b) for a, b in pairs)
    assert other < len(before) / 100
    instances = [trips.instance(trip) for trip in after]
    payments = [one["payment_type"] for one in instances]
    assert 0.1 < payments.count(trips.NEW_PAYMENT) / len(payments) < 0.5
    without = sum(not set(one) & set(trips.LOCATIONS) for one in instances)
    assert without > len(instances) / 4
    assert all(None not in one.values() and "tips" not in one for one in instances)
