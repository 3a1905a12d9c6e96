"""Cron expressions, by the rules of who reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.common.errors import ConfigError
from pipeline.cloud import cron
from pipeline.cloud.platforms.kfp import KubeflowPipelines
from pipeline.cloud.platforms.vertex import VertexAI

KUBEFLOW, VERTEX = KubeflowPipelines.cron_rules, VertexAI.cron_rules
BOTH = [KUBEFLOW, VERTEX]


def told(expression: str, rules: cron.Rules) -> str:
    """The error for an expression; nothing for a good one."""
    try:
        cron.check(expression, rules, "Cloud")
    except ConfigError as error:
        assert error.headline == f"--cron '{expression}' is no schedule for Cloud"
        assert error.remedy
        return error.detail
    return ""


@pytest.mark.parametrize("rules", BOTH)
@pytest.mark.parametrize(
    "expression",
    [
        "0 4 * * 1",
        "  0   4 * * 1 ",
        "*/15 * * * *",
        "0 4 1,15 * *",
        "0 8-18/2 * * MON-FRI",
        "0 4 * jan,JUL sun",
        "59 23 31 12 6",
        "0 0 29 2 *",
        "0 0 31 2 1",
        "00 04 * * *",
    ],
)
def test_what_both_take(expression: str, rules: cron.Rules) -> None:
    assert told(expression, rules) == ""


@pytest.mark.parametrize("rules", BOTH)
@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "Received: 0."),
        ("daily", "Expected: five fields, minute, hour, day of the month, month, day of the week"),
        ("0 4 * *", "Received: 4."),
        ("0 0 0 4 * * 1", "Received: 7."),
        ("60 4 * * 1", "minute: received 60. Expected: 0 to 59"),
        ("0 24 * * 1", "hour: received 24. Expected: 0 to 23"),
        ("0 4 0 * 1", "day of the month: received 0. Expected: 1 to 31"),
        ("0 4 * 13 1", "month: received 13. Expected: 1 to 12 or JAN to DEC"),
        ("0 4 * * 8", "day of the week: received 8"),
        ("0 4 * * monday", "day of the week: received monday"),
        ("0 4 * jan-foo *", "month: received jan-foo"),
        ("0 4 L * *", "day of the month: received L"),
        ("0 4 * * 1#2", "day of the week: received 1#2"),
        ("0 4-2 * * *", "hour: received 4-2 (the range ends before it begins)"),
        ("*/0 4 * * *", "minute: received */0 (a step is 1 or more)"),
        ("*/x 4 * * *", "minute: received */x"),
        ("1,,2 4 * * *", "minute: received nothing"),
        ("-1 4 * * *", "minute: received -1"),
        ("1-2-3 4 * * *", "minute: received 1-2-3"),
        ("٣ 4 * * *", "minute: received ٣"),
        ("0 0 30 2 *", "day of the month: received 30, which no chosen month has"),
        ("0 0 31 4,6,9 *", "day of the month: received 31"),
        ("@often", "Received: @often"),
        ("@reboot", "Received: @reboot"),
    ],
)
def test_what_none_takes(expression: str, words: str, rules: cron.Rules) -> None:
    assert words in told(expression, rules)


@pytest.mark.parametrize(
    ("expression", "kubeflow", "vertex"),
    [
        ("0 0 4 * * 1", "", "Received: 6."),
        ("60 0 4 * * 1", "second: received 60", "Received: 6."),
        ("0 4 * * 7", "day of the week: received 7. Expected: 0 to 6", ""),
        ("0 4 ? * 1", "", "day of the month: received ?"),
        ("5/10 * * * *", "", "a step needs a range: 5-59/10"),
        ("@daily", "", "Expected: five fields, here: 0 0 * * *."),
        ("@every 6h", "", "Expected: five fields."),
        ("@every 1h30m", "", "Expected: five fields."),
        ("@every day", "Expected: @yearly, @annually, @monthly", "Expected: five fields."),
        ("TZ=Europe/Berlin 0 4 * * 1", "time zone: received TZ=Europe/Berlin", ""),
        ("CRON_TZ=Europe/Berlin 0 4 * * 1", "time zone: received CRON_TZ", ""),
        ("TZ=Middle/Earth 0 4 * * 1", "time zone", "time zone: received Middle/Earth"),
        ("TZ= 0 4 * * 1", "time zone", "time zone: received nothing"),
        ("TZ=Europe/Berlin 60 4 * * 1", "time zone", "minute: received 60"),
    ],
)
def test_where_they_differ(expression: str, kubeflow: str, vertex: str) -> None:
    for rules, words in ((KUBEFLOW, kubeflow), (VERTEX, vertex)):
        found = told(expression, rules)
        assert words in found if words else not found


@given(
    st.sampled_from(range(5)),
    st.integers(0, 70),
    st.integers(0, 70),
    st.integers(0, 70),
    st.sampled_from(BOTH),
)
def test_a_range_is_taken_if_it_is_within_the_field(
    place: int, first: int, last: int, step: int, rules: cron.Rules
) -> None:
    words = ["0", "4", "*", "*", "*"]
    words[place] = f"{first}-{last}/{step}"
    field = rules.fields()[place]
    fits = field.smallest <= first <= last <= field.largest and step >= 1
    found = told(" ".join(words), rules)
    assert (not found) == fits
    assert fits or found.startswith(f"{field.name}: received {words[place]}")


@given(st.text("0127*/-,?@TZ=moneвry \t\n", max_size=30), st.sampled_from(BOTH))
def test_whatever_is_given_is_taken_or_told(text: str, rules: cron.Rules) -> None:
    told(text, rules)
