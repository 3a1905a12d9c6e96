"""What labels say, in a look."""

from __future__ import annotations

from typing import Any

from monitoring.look.look import Finding
from monitoring.watch.labelled import with_findings
from monitoring.watch.policy import causes
from tests.monitoring.looks import finding, look


def metric(verdict: str, **changes: Any) -> Finding:
    made = {"subject": "metric", "test": "bound", "against": "bound", "words": "AUC is 0.7."}
    return finding("AUC", verdict, **{**made, **changes})


def test_a_metric_beyond_its_bound_is_the_alarm_that_matters() -> None:
    found = with_findings(look(), [metric("same"), metric("differs")])
    assert found.verdict == "alarm" and found.headline == "AUC is 0.7."
    assert [each.verdict for each in found.findings] == ["differs", "same"]
    assert causes(found) == ("metric AUC",)
    both = with_findings(look(finding()), [metric("differs")])
    assert both.headline == "AUC is 0.7. `fare` differs."
    assert causes(both) == ("metric AUC", "feature fare")


def test_what_is_within_its_bounds_or_does_not_count_changes_no_verdict() -> None:
    for before in (look(), look(finding()), look(verdict="too early")):
        more = [metric("same"), metric("too early"), metric("differs", counts=False)]
        found = with_findings(before, more)
        assert (found.verdict, found.headline) == (before.verdict, before.headline)
        assert len(found.findings) == len(before.findings) + 3
