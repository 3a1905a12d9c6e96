"""One look: windows of the same data, and each kind of change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from monitoring.core.settings import Settings
from monitoring.look.history import History, remember
from monitoring.look.look import Finding, Look
from monitoring.look.looking import look
from tests.monitoring.sampled import NOW, profile, window

SETTINGS = Settings()
Columns = dict[str, np.ndarray]


def drawn(generator: np.random.Generator, rows: int) -> Columns:
    sparse = generator.normal(size=rows)
    sparse[generator.random(rows) < 0.1] = np.nan
    payment = generator.choice(4, rows, p=[0.5, 0.4, 0.08, 0.02])
    return {
        "fare": generator.lognormal(2, 1, rows),
        "hour": generator.integers(0, 24, rows).astype(float),
        "tolls": generator.exponential(size=rows) * (generator.random(rows) < 0.3),
        "sparse": sparse,
        "payment": np.array(["Cash", "Card", "Other", "No"], dtype=object)[payment],
        "place": np.array([f"p{i}" for i in generator.zipf(1.5, rows)], dtype=object),
        "constant": np.full(rows, 3.0),
    }


def answers(generator: np.random.Generator, rows: int) -> Columns:
    return {"score": generator.beta(2, 5, rows)}


GENERATOR = np.random.default_rng(0)
PROFILE = profile(drawn(GENERATOR, 5_000), answers(GENERATOR, 2_000), sample=500)


def looked(
    rows: int = 1_000,
    change: Callable[[Columns, Columns], None] = lambda columns, scores: None,
    settings: Settings = SETTINGS,
    seed: int = 1,
    **more: Any,
) -> Look:
    generator = np.random.default_rng(seed)
    columns, scores = drawn(generator, rows), answers(generator, rows)
    change(columns, scores)
    return look(PROFILE, window(PROFILE, columns, scores, **more), None, settings, time=NOW)


def alarms(found: Look) -> list[Finding]:
    return [each for each in found.findings if each.verdict == "differs" and each.counts]


def far_tail(columns: Columns, scores: Columns) -> None:
    columns["fare"][:50] = 5_000


def new_category(columns: Columns, scores: Columns) -> None:
    columns["payment"][:20] = "Mobile"


def missing(columns: Columns, scores: Columns) -> None:
    columns["fare"][:60] = np.nan


def all_missing(columns: Columns, scores: Columns) -> None:
    columns["fare"][:] = np.nan


def shifted(columns: Columns, scores: Columns) -> None:
    columns["fare"] *= 1.5


def other_shares(columns: Columns, scores: Columns) -> None:
    columns["payment"][:150] = "Other"


def no_longer_constant(columns: Columns, scores: Columns) -> None:
    columns["constant"][:30] = 4.0


def other_scores(columns: Columns, scores: Columns) -> None:
    scores["score"] = scores["score"] ** 0.7


@pytest.mark.parametrize(
    ("change", "name", "test", "words"),
    [
        (far_tail, "fare", "tail", "`fare`: 6.0 % of values are above "),
        (far_tail, "fare", "out of range", "`fare`: 5.0 % of values are outside of training's"),
        (new_category, "payment", "unseen", "most often 'Mobile' (2.0 %)"),
        (missing, "fare", "missing", "`fare`: 6.0 % of rows have no value, of training 0.0 %"),
        (all_missing, "fare", "missing", "`fare`: 100.0 % of rows have no value"),
        (shifted, "fare", "distribution", "% of values are above "),
        (other_shares, "payment", "distribution", "'Other', of training "),
        (no_longer_constant, "constant", "out of range", "3.0 % of values are outside of"),
        (other_scores, "score", "distribution", "of the test split "),
    ],
)  # fmt: skip
def test_a_change_is_found_and_said(
    change: Callable[[Columns, Columns], None], name: str, test: str, words: str
) -> None:
    found = looked(change=change)
    assert found.verdict == "alarm"
    assert {each.name for each in alarms(found)} == {name}
    of_test = [each for each in alarms(found) if each.test == test]
    assert len(of_test) == 1
    assert words in of_test[0].words, of_test[0].words
    assert found.headline.startswith(f"`{name}`")
    assert (of_test[0].p_value or 0) < 0.05
    assert (of_test[0].effect or 0) >= (of_test[0].matters_from or 1)


@pytest.mark.slow
def test_samples_of_the_same_data_raise_no_alarm() -> None:
    """Not even one significant difference, in windows of three sizes: chance has 5 % for each."""
    for rows, seeds in ((100, 12), (1_000, 8), (10_000, 2)):
        significant = 0
        for seed in range(100, 100 + seeds):
            found = looked(rows, seed=seed)
            assert found.verdict == "nothing"
            significant += any((each.p_value or 1) < 0.05 for each in found.findings)
        assert significant <= 2


@pytest.mark.slow
def test_100_looks_together_raise_no_alarm_and_a_small_change_is_found_later() -> None:
    generator = np.random.default_rng(5)
    trained = profile({"fare": generator.normal(size=5_000)})
    history, verdicts = History(), []
    for number in range(1, 101):
        served = generator.normal(0.3 if number > 60 else 0, 1, 200)
        seen = window(trained, {"fare": served})
        found = look(trained, seen, None, SETTINGS, number, history, NOW)
        history = remember(history, trained, seen, SETTINGS)
        verdicts.append("alarm" if any((e.p_value or 1) < 0.05 for e in found.findings) else "")
    assert "alarm" not in verdicts[:60]
    assert "alarm" in verdicts[60:76]


@pytest.mark.parametrize("rows", [1, 10, 40])
def test_few_rows_are_too_early_and_how_many_are_needed_is_said(rows: int) -> None:
    found = looked(rows, shifted)
    assert found.verdict == "too early"
    assert found.headline.startswith(f"Too early to say: {rows} row")
    needed = int(found.headline.split(", ")[1].split()[0])
    assert 40 < needed < 200
    assert looked(needed).verdict == "nothing"


def test_no_request_and_no_answer_are_too_early() -> None:
    empty = look(PROFILE, window(PROFILE, {}, first=None, last=None), None, SETTINGS)
    assert (empty.verdict, empty.headline) == ("too early", "No request was logged.")
    refused = window(PROFILE, {}, requests=3, refused=3, rows=0)
    assert look(PROFILE, refused, None, SETTINGS).headline == "None of 3 requests was answered."


def test_where_nothing_can_be_compared_no_verdict_is_made_up() -> None:
    bare = PROFILE.model_copy(update={"features": {}, "outputs": {}, "sample": {}})
    found = look(bare, window(bare, {}, rows=100, requests=100), None, SETTINGS)
    assert found.verdict == "too early"
    assert "no feature and no output" in found.headline


def test_a_reference_of_a_few_rows_has_no_verdict() -> None:
    tiny = profile({"fare": np.arange(8.0)}, sample=8)
    seen = window(tiny, {"fare": np.full(500, 99.0)}, sample=500)
    found = look(tiny, seen, None, SETTINGS)
    assert found.verdict == "too early"
    assert any("training has too few rows to compare with" in e.words for e in found.findings)


def test_refused_requests_are_an_alarm_without_a_single_row() -> None:
    found = look(PROFILE, window(PROFILE, {}, requests=90, refused=80), None, SETTINGS)
    assert found.verdict == "alarm"
    assert found.headline.startswith("88.9 % of requests were refused")


def test_what_is_not_to_raise_an_alarm_is_shown() -> None:
    for settings in (Settings(ignore=("fare",)), Settings(alarm_on=("outputs", "refused"))):
        found = looked(change=far_tail, settings=settings)
        assert found.verdict == "nothing"
        shown = [each for each in found.findings if each.verdict == "differs"]
        assert {(each.name, each.counts) for each in shown} == {("fare", False)}


def test_a_small_difference_in_many_rows_differs_little() -> None:
    generator = np.random.default_rng(3)
    trained = profile({"fare": generator.normal(size=50_000)})
    seen = window(trained, {"fare": generator.normal(0.08, 1, 50_000)})
    found = look(trained, seen, None, SETTINGS)
    assert found.verdict == "nothing"
    [little] = [each for each in found.findings if each.test == "distribution"]
    assert little.verdict == "differs little"
    assert "too little to matter (PSI below 0.1)" in little.words
    stricter = Settings(matters_from={"PSI": 0.004})
    assert look(trained, seen, None, stricter).verdict == "alarm"


def test_features_of_another_name_are_told() -> None:
    found = looked(change=all_missing, unknown_features={"fare_usd": 1_000})
    texts = [each.words for each in alarms(found)]
    assert any(text.startswith("`fare_usd`: 100.0 % of rows have it, and no") for text in texts)


def test_redacted_features_are_not_compared() -> None:
    found = looked(change=all_missing, redacted=("fare",))
    assert found.verdict == "nothing"
    [finding] = [each for each in found.findings if each.name == "fare"]
    assert finding.words == "`fare`: its values are left out of the log, so it cannot be compared"


def test_the_last_window_is_compared_and_raises_no_alarm() -> None:
    generator = np.random.default_rng(8)
    before = window(PROFILE, drawn(generator, 1_000), answers(generator, 1_000))
    columns, scores = drawn(generator, 1_000), answers(generator, 1_000)
    far = window(PROFILE, columns | {"fare": columns["fare"] * 2}, scores)
    found = look(PROFILE, far, before, SETTINGS)
    drift = [
        each
        for each in found.findings
        if each.against == "last window" and each.verdict == "differs"
    ]
    assert [(each.name, each.test, each.counts) for each in drift] == [
        ("fare", "distribution", False)
    ]
    assert "of the last window" in drift[0].words
    assert found.features["fare"].last_window is not None


def test_a_look_can_be_written_and_read() -> None:
    found = looked(change=far_tail)
    assert Look.model_validate_json(found.model_dump_json()) == found
