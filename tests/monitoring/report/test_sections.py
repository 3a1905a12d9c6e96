"""What the page of a look says, section by section."""

from __future__ import annotations

from monitoring.profile.reference_profile import Metric
from monitoring.report import sections
from tests.monitoring import sample_looks

PROFILE = sample_looks.profile()
ALARM = sample_looks.look(9, "alarm")


def test_what_counts_comes_before_what_does_not_and_is_same_last() -> None:
    found = list(reversed(ALARM.findings))
    found[0] = found[0].model_copy(update={"verdict": "differs", "counts": False, "name": "x"})
    look = ALARM.model_copy(update={"findings": tuple(found)})
    ordered = sections.in_order(look)
    assert [one.verdict for one in ordered].index("same") == 5
    assert [one.name for one in ordered].index("x") == 4
    assert sections.changes(ordered) == ordered[:5]


def test_cards_are_outputs_and_features_those_that_differ_first() -> None:
    cards = sections.cards(ALARM, PROFILE, sections.in_order(ALARM))
    assert [card.name for card in cards[:3]] == ["probabilities", "fare", "payment_type"]
    assert cards[0].kind == "output" and cards[0].verdict == "alarm"
    assert {card.name for card in cards[1:]} == set(sample_looks.FEATURES)
    kinds = {card.name: "<rect" in card.drawing for card in cards}
    assert kinds["payment_type"] and not kinds["fare"]  # Values have bars, ranges outlines.
    assert [len(card.findings) for card in cards] == [1, 1, 2, 0, 0, 0, 0]


def test_a_feature_that_the_profile_has_not_has_a_card_all_the_same() -> None:
    look = ALARM.model_copy(update={"features": {"new": ALARM.features["fare"]}})
    assert [card.name for card in sections.cards(look, PROFILE, [])] == ["probabilities", "new"]


def test_metrics_have_their_bounds_in_words_also_by_slice() -> None:
    rows = sections.metrics(sections.in_order(ALARM), PROFILE)
    assert [(row.finding.name, row.finding.slice, row.bound, row.estimate) for row in rows] == [
        ("AUC", "", "at least 0.9", False),
        ("AUC", "", "at least 0.9", True),
        ("AUC", "payment_type=Cash", "at least 0.85", False),
    ]
    both = PROFILE.model_copy(
        update={"metrics": {"AUC": Metric(metric="AUC", value=None, lower=0.8, upper=1.2)}}
    )
    assert sections.bound_in_words(rows[0].finding, both) == "at least 0.8 and at most 1.2"
    none = PROFILE.model_copy(update={"metrics": {}})
    assert sections.bound_in_words(rows[0].finding, none) == ""


def test_history_is_of_this_version_up_to_this_look_in_order() -> None:
    looks = sample_looks.looks(6)
    other = sample_looks.look(2, version=7)
    found = sections.history(looks[3], [looks[5], looks[2], other, looks[0], looks[2]])
    assert [one.number for one in found] == [1, 3, 4]


def test_metrics_over_time_are_told_from_their_estimates() -> None:
    looks = sample_looks.looks(12, alarm_from=11)
    found = sections.metric_charts(looks, PROFILE)
    assert [chart.title for chart in found] == ["AUC", "AUC, estimated before labels"]
    assert len(found[0].points) == 12 and found[0].points[-1].low is not None
    assert "at least 0.9" in found[0].drawing and "test split" in found[0].drawing
    assert sections.metric_charts(looks[:1], PROFILE) == []


def test_outputs_over_time_have_the_level_of_an_alarm_and_of_noise() -> None:
    [chart] = sections.output_charts(sample_looks.looks(12, alarm_from=11))
    assert chart.title == "probabilities: PSI"
    assert "alarm from" in chart.drawing and "noise" in chart.drawing
    assert [point.alarm for point in chart.points] == [False] * 10 + [True] * 2
