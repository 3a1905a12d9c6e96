"""Numbers, times, names and verdicts as a person reads them."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from monitoring.look.look import Finding

TESTS = {
    "distribution": "distribution",
    "tail": "far tail",
    "missing": "missing",
    "unseen": "unseen values",
    "out of range": "out of range",
    "wrong type": "wrong type",
    "lengths": "lengths",
    "refused": "refused",
    "classifier": "all features at once",
    "bound": "bound",
    "estimate": "estimate before labels",
}
_LONGEST_NAME = 60
# Control characters, and those that turn the direction of what follows them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


def number(value: float | None) -> str:
    """Four significant digits, with commas between thousands; empty for None."""
    if value is None:
        return ""
    size = abs(value)
    if size >= 1e7 or 0 < size < 1e-4:
        return f"{value:.2e}"
    if value == int(value) or size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def share(value: float | None) -> str:
    """`12 %`, `1.2 %`, `0.03 %`; empty for None."""
    if value is None:
        return ""
    percent = 100 * value
    digits = 0 if percent == 0 or abs(percent) >= 99.95 else 1 if abs(percent) >= 1 else 2
    return "< 0.01 %" if 0 < percent < 0.005 else f"{percent:.{digits}f} %"


def effect(finding: Finding, value: float | None) -> str:
    """A number of a finding in the unit of its statistic."""
    return share(value) if finding.statistic == "share" else number(value)


def p_value(value: float | None) -> str:
    """`0.013`, `< 0.001`; empty for None."""
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def moment(time: datetime | None) -> str:
    """The minute, in UTC; empty for None."""
    return f"{utc(time):%Y-%m-%d %H:%M} UTC" if time else ""


def utc(time: datetime) -> datetime:
    """The time in UTC; one without a zone is in UTC already."""
    return time.astimezone(timezone.utc) if time.tzinfo else time.replace(tzinfo=timezone.utc)


def window(first: datetime | None, last: datetime | None) -> str:
    """From the first request to the last one; the day is said once."""
    if first is None or last is None:
        return ""
    begin, end = utc(first), utc(last)
    until = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{begin:%Y-%m-%d %H:%M} to {until} UTC"


def cut(text: str, longest: int = _LONGEST_NAME) -> str:
    """A name or value: what cannot be seen is written as Python does, and a long one is cut."""
    seen = _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text[:longest])
    return f"{seen}…" if len(text) > longest else seen or "(empty)"


def what(finding: Finding) -> str:
    """What is compared: the name of a feature, output or metric, or the rows or requests."""
    if finding.name:
        return cut(finding.name)
    return {"rows": "all features", "requests": "requests"}.get(finding.subject, finding.subject)


def is_alarm(finding: Finding) -> bool:
    """Whether the finding raises an alarm."""
    return finding.verdict == "differs" and finding.counts


def verdict(finding: Finding) -> str:
    """A finding's verdict in a word or two."""
    return "alarm" if is_alarm(finding) else finding.verdict


def rank(finding: Finding) -> int:
    """The order of attention: alarms, other differences, small ones, no verdict, the same."""
    if is_alarm(finding):
        return 0
    return {"differs": 1, "differs little": 2, "too early": 3, "same": 4}[finding.verdict]


def plural(count: int, one: str, many: str = "") -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
