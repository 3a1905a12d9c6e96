"""The profile that training on a window leaves behind."""

from __future__ import annotations

from monitoring.profile.reference_profile import (
    Categories,
    Feature,
    Numbers,
    Output,
    ReferenceProfile,
)
from monitoring.replay.adapted import adapted
from monitoring.summary.window_summary import FeatureSummary, OutputSummary
from tests.monitoring.looks import MONDAY, window

EDGES = Numbers(edges=(1.0, 2.0), counts=(10, 20, 30), minimum=0.0, maximum=9.0)
PROFILE = ReferenceProfile(
    version=1,
    model="taxi",
    run="r1",
    made=MONDAY,
    training_rows=60,
    test_rows=60,
    features={
        "fare": Feature(kind="number", dtype="DT_FLOAT", rows=60, missing=0, numbers=EDGES),
        "payment": Feature(
            kind="category",
            dtype="DT_STRING",
            rows=60,
            missing=0,
            categories=Categories(counts={"Cash": 60}),
        ),
        "hour": Feature(kind="number", dtype="DT_INT64", rows=60, missing=0, numbers=EDGES),
    },
    outputs={"tips": Output(output="tips", rows=60, numbers=EDGES)},
)
WINDOW = window(
    rows=100,
    features={
        "fare": FeatureSummary(rows=100, missing=5, wrong_type=1, bins=(4, 0, 90), above=40),
        "payment": FeatureSummary(
            rows=100, values={"Cash": 60, "Card": 0}, unseen={"Prcard": 30}, unseen_values=40
        ),
        "hour": FeatureSummary(),
    },
    outputs={"tips": OutputSummary(rows=100, bins=(50, 25, 25))},
    sample={"fare": (1.0, None)},
)


def test_it_has_the_windows_counts_in_the_same_bins() -> None:
    made = adapted(PROFILE, WINDOW)
    fare = made.features["fare"]
    assert (fare.rows, fare.missing) == (100, 6)
    assert fare.numbers == Numbers(edges=(1.0, 2.0), counts=(4, 0, 90), minimum=0.0)
    payment = made.features["payment"].categories
    assert payment == Categories(counts={"Cash": 60, "Prcard": 30}, other_rows=10, other_values=1)
    tips = made.outputs["tips"].numbers
    assert tips and tips.counts == (50, 25, 25)
    assert made.sample == {"fare": (1.0, None)} and made.training_rows == 100


def test_what_was_not_served_stays_as_it_was() -> None:
    assert adapted(PROFILE, WINDOW).features["hour"] == PROFILE.features["hour"]
    nothing = adapted(PROFILE, window(rows=100))
    assert nothing.features == PROFILE.features and nothing.outputs == PROFILE.outputs
