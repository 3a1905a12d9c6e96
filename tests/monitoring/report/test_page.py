"""The page of a look as a whole."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.look.look import Distribution, Finding, Look
from monitoring.report.page import page
from tests.monitoring import sample_looks
from tests.pipeline.show.report.html_page import Page

PROFILE = sample_looks.profile()
LOOKS = sample_looks.looks(12, alarm_from=11)


@pytest.mark.parametrize("verdict", ["alarm", "nothing", "too early"])
def test_each_verdict_makes_a_whole_page(verdict: str) -> None:
    look = sample_looks.look(12, verdict)
    html = page(look, PROFILE, LOOKS[:11])
    made = Page(html)
    assert look.headline.replace("`", "") in made.text.replace("`", "")
    assert made.headings[0].split(maxsplit=1)[1] == {
        "alarm": "Alarm", "nothing": "Nothing differs", "too early": "Too early to say",
    }[verdict]  # fmt: skip
    assert {"What changed most", "Every comparison", "Looks and alarms"} <= set(made.headings)
    for finding in look.findings:
        if finding.verdict != "same":
            assert finding.words in made.text


def test_it_loads_nothing_and_runs_nothing() -> None:
    made = Page(page(LOOKS[-1], PROFILE, LOOKS))
    assert not made.tags & {"script", "link", "img", "iframe", "object", "form", "base"}
    loading = {"src", "href", "srcset", "action", "data"}
    assert not [name for name, _ in made.attributes if name in loading or name.startswith("on")]
    assert not [value for name, value in made.attributes if name == "style"]


def test_every_picture_has_its_values_as_a_table() -> None:
    html = page(LOOKS[-1], PROFILE, LOOKS)
    pictures = html.count('role="img"')
    assert pictures == html.count("<summary>") == 7 + 3 + 1
    shares = LOOKS[-1].features["fare"]
    made = Page(html)
    for label, share in zip(shares.labels, shares.served, strict=True):
        assert label in made.text and f"{share:.1%}".replace("%", " %") in made.text


def test_the_first_look_has_no_charts_over_time() -> None:
    made = Page(page(LOOKS[0], PROFILE, []))
    assert not {"Looks and alarms", "Over time"} & set(made.headings)


def test_an_empty_look_is_a_page() -> None:
    nothing: dict[str, Any] = {
        "rows": 0,
        "requests": 0,
        "first": None,
        "last": None,
        "findings": (),
    }
    nothing |= {"features": {}, "outputs": {}}
    look = sample_looks.look(1, "too early").model_copy(update=nothing)
    assert Page(page(look, PROFILE, [])).headings[1:] == ["What changed most"]


@settings(
    max_examples=30, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.text(max_size=200))
def test_any_name_and_words_are_text(name: str) -> None:
    odd = f"{name}<script>alert(1)</script>\"'>"
    finding = Finding(
        subject="feature", name=odd, slice=odd, test="unseen", against="training", statistic=odd,
        effect=0.5, rows=9, verdict="differs", words=odd,
    )  # fmt: skip
    shares = Distribution(labels=(odd, name), reference=(0.5, 0.5), served=(1.0, 0.0))
    changes: dict[str, Any] = {"findings": [finding], "features": {odd: shares}, "headline": odd}
    changes |= {"outputs": {odd: shares}, "classifier_features": {odd: 0.1}, "model": odd}
    look = Look.model_validate({**sample_looks.look(3).model_dump(), **changes})
    html = page(look, PROFILE, [look.model_copy(update={"time": sample_looks.START})])
    assert not Page(html).tags & {"script"}


def test_200_features_take_less_than_2_seconds_and_2_mb() -> None:
    names = [f"{'feature' * 8}_{number}" for number in range(200)]
    looks = sample_looks.looks(12, features=names)
    every = [
        finding.model_copy(
            update={"test": test, "verdict": "differs", "words": f"{finding.words} " * 4}
        )
        for finding in looks[-1].findings
        for test in ("distribution", "tail", "unseen", "wrong type")
    ]
    look = looks[-1].model_copy(update={"findings": tuple(every)})
    profile = sample_looks.profile(names)
    started = time.process_time()
    html = page(look, profile, looks)
    assert time.process_time() - started < 2
    assert len(html.encode()) < 2_000_000
    assert all(html.count(f">{name}<") > 0 for name in names[:5])
