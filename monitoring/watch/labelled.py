"""Adds to a look what labels say, and what is estimated where they are not there yet."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.look.look import Finding, Look


def with_findings(look: Look, more: Sequence[Finding]) -> Look:
    """A look with more findings; those that raise an alarm come first, and are its headline.

    Args:
        look: The look.
        more: Findings of metrics.
    """
    alarms = [each for each in more if each.counts and each.verdict == "differs"]
    rest = [each for each in more if each not in alarms]
    changes: dict[str, object] = {"findings": (*alarms, *look.findings, *rest)}
    if alarms:
        others = f" {look.headline}" if look.verdict == "alarm" else ""
        changes |= {"verdict": "alarm", "headline": f"{alarms[0].words}{others}"}
    return look.model_copy(update=changes)
