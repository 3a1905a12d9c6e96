"""What is beyond chance, and matters."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from monitoring.core.settings import Settings
from monitoring.look.comparison import Comparison, Key, Subject
from monitoring.look.judging import Candidate, is_alarm, judge


def candidate(
    name: str, p_value: float, effect: float = 0.5, allowance: float = 1.0, windows: int = 1,
    subject: Subject = "feature", rows: int = 100, **key: Any,
) -> Candidate:  # fmt: skip
    of = Key(subject, name, "distribution", **key)
    found = Comparison(
        of, "PSI", lambda: p_value, effect, rows, "it differs", rows_needed=lambda _: 50
    )
    return Candidate(found, allowance, windows)


def test_kinds_share_the_bound_and_features_do_not_blunt_outputs() -> None:
    many = [candidate(f"x{i}", 0.5) for i in range(199)]
    output, feature = candidate("score", 0.009, subject="output"), candidate("x", 0.009)
    found = {each.name: each for each in judge([*many, feature, output], Settings())}
    assert found["score"].verdict == "differs"
    assert found["score"].p_value == pytest.approx(5 * 0.009)
    assert found["x"].verdict == "same"


@pytest.mark.parametrize(
    ("p_value", "effect", "rows", "verdict"),
    [
        (1e-9, 0.5, 100, "differs"),
        (1e-9, 0.05, 100, "differs little"),
        (0.5, 0.5, 100, "same"),
        (1e-9, 0.5, 49, "too early"),
    ],
)
def test_verdicts(p_value: float, effect: float, rows: int, verdict: str) -> None:
    [found] = judge([candidate("x", p_value, effect, rows=rows)], Settings())
    assert found.verdict == verdict
    assert found.rows_needed == 50


def test_of_several_windows_the_one_that_is_surest_by_its_allowance_counts() -> None:
    alone = candidate("x", 1e-4, allowance=1e-3)
    together = candidate("x", 1e-9, effect=0.3, allowance=1e-2, windows=4)
    [found] = judge([alone, together], Settings())
    assert found.effect == 0.3
    assert found.words.endswith("over the last 4 windows")
    assert found.p_value == pytest.approx(1e-9 / 1e-2 * 5)


def test_a_large_effect_in_one_window_is_not_hidden_by_a_small_one_in_many() -> None:
    alone = candidate("x", 1e-9, allowance=1e-3)
    together = candidate("x", 1e-30, effect=0.05, allowance=1e-2, windows=4)
    [found] = judge([alone, together], Settings())
    assert found.verdict == "differs"


def test_the_last_window_raises_no_alarm_and_is_no_burden() -> None:
    drift = [candidate(f"x{i}", 1e-9, against="last window") for i in range(50)]
    found = judge([*drift, candidate("x", 0.009)], Settings())
    assert not any(each.counts for each in found if each.against == "last window")
    assert [each.verdict for each in found if each.against == "training"] == ["differs"]


def test_alarms_come_first_and_outputs_before_features() -> None:
    found = judge(
        [
            candidate("small", 1e-9, effect=0.01),
            candidate("large", 1e-9, effect=3),
            candidate("same", 0.9),
            candidate("score", 1e-9, effect=0.2, subject="output"),
            candidate("early", 1e-9, rows=3),
        ],
        Settings(),
    )
    assert [each.name for each in found] == ["score", "large", "small", "same", "early"]
    assert found[-1].words == "`early`: 3 rows so far, 50 needed to compare (distribution)"


@pytest.mark.parametrize("seed", range(100))
def test_whether_there_is_an_alarm_is_what_the_findings_say(seed: int) -> None:
    chance = Random(seed)
    some = [
        candidate(
            f"x{chance.randrange(4)}", 10 ** -chance.uniform(0, 6), chance.choice((0.05, 0.5)),
            chance.choice((1.0, 0.1)), 1, chance.choice(("feature", "output")),
            chance.choice((49, 100)), against=chance.choice(("training", "last window")),
        )
        for _ in range(chance.randrange(6))
    ]  # fmt: skip
    settings = Settings(ignore=("x0",))
    found = judge(some, settings)
    told = any(each.counts and each.verdict == "differs" for each in found)
    assert is_alarm(some, settings) == told


def test_p_values_of_what_cannot_matter_are_not_computed() -> None:
    def refuse() -> float:
        raise AssertionError("it was computed")

    small = Comparison(Key("feature", "x", "distribution"), "PSI", refuse, 0.05, 100, "it differs")
    assert not is_alarm([Candidate(small, 1.0)], Settings())
