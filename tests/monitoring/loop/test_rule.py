"""When a canary is promoted: the release's rule, read from its own file."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.loop import rule
from monitoring.loop.programs import Route
from monitoring.loop.rule import CanaryRule, decide
from serving.release import settings as release
from tests.helpers.paths import ROOT

NOW = datetime(2026, 11, 27, tzinfo=timezone.utc)
ROUTE = Route(3, 4, 0.0, 2.0)


def compared(**changes: Any) -> list[dict[str, Any]]:
    made = {
        "variant": "canary", "version": 4, "enough": True, "verdict": ["No difference."],
        "since": NOW.isoformat(), "requests": {"canary": 100}, "differences": [],
    }  # fmt: skip
    return [{**made, **changes}]


def difference(name: str, stable: float, other: float, significant: bool = True) -> dict[str, Any]:
    return {"name": name, "stable": stable, "other": other, "significant": significant}


@pytest.mark.parametrize(
    ("found", "settings", "action"),
    [
        (compared(), {}, "wait"),
        ([], {}, "wait"),
        (compared(variant="mirror"), {}, "wait"),
        (compared(version=5), {}, "wait"),
        (compared(enough=False, requests={"canary": 9999}), {}, "wait"),
        (compared(requests={"canary": 1000}), {}, "promote"),
        (compared(since=(NOW - timedelta(hours=24)).isoformat()), {}, "promote"),
        (compared(since=None), {}, "wait"),
        (compared(differences=[difference("errors", 0.0, 0.1)]), {}, "roll back"),
        (compared(differences=[difference("errors", 0.0, 0.1, False)]), {}, "wait"),
        (compared(differences=[difference("errors", 0.1, 0.0)]), {}, "wait"),
        (compared(differences=[difference("latency", 0.01, 0.021)]), {}, "roll back"),
        (compared(differences=[difference("latency", 0.01, 0.019)]), {}, "wait"),
        (compared(differences=[difference("latency", float("nan"), 1.0)]), {}, "wait"),
        (compared(differences=[difference("tips", 0.1, 0.9)]), {}, "wait"),
        (
            compared(differences=[difference("tips", 0.1, 0.9)]),
            {"other_answers": "roll back"},
            "roll back",
        ),
    ],
)
def test_compare_decides(
    found: list[dict[str, Any]], settings: dict[str, Any], action: str
) -> None:
    decided = decide(found, 4, CanaryRule(**settings), ROUTE, NOW)
    assert decided.action == action and decided.words


def test_it_is_the_releases_own_rule() -> None:
    own, theirs = CanaryRule(), release.Canary()
    assert own.model_dump() == theirs.model_dump(exclude={"share"})
    for path in (ROOT / "release.yaml", ROOT / "none.yaml"):
        read = release.read(path).canary.model_dump(exclude={"share"})
        assert rule.read(path).model_dump() == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("canary: {requests: 3}", "canary.requests"),
        ("canary: {hours: 0}", "canary.hours"),
        ("canary: {other_answers: maybe}", "canary.other_answers"),
        ("canary: 3", "canary"),
        ("canary: [", "cannot be read"),
    ],
)
def test_a_rule_that_is_no_use_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "release.yaml").write_text(text)
    with pytest.raises(MonitoringError) as raised:
        rule.read(tmp_path / "release.yaml")
    assert said in raised.value.headline and "release.yaml" in raised.value.headline
