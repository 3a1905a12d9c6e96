"""Cron expressions, checked before anything is compiled, by the rules of who will read them."""

from __future__ import annotations

import calendar
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.common.errors import ConfigError

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = dict(zip(("sun", "mon", "tue", "wed", "thu", "fri", "sat"), range(7), strict=True))
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S*)")
_DURATION = re.compile(r"(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+")
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True)
class Field:
    """One of an expression's fields."""

    name: str
    smallest: int
    largest: int
    names: Mapping[str, int] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        first, *_, last = [name.upper() for name in self.names] or ["", ""]
        spelt = f" or {first} to {last}" if first else ""
        return (
            f"{self.smallest} to {self.largest}{spelt}, a range such as "
            f"{self.smallest}-{self.smallest + 2}, a list with commas, * or */2"
        )


@dataclass(frozen=True)
class Rules:
    """What a platform takes beside the five usual fields."""

    seconds: bool = False
    """A field for seconds before the others."""
    last_day: int = 7
    """The largest day of the week; 7 is Sunday, as is 0."""
    zones: bool = False
    """A time zone before the fields: TZ=Europe/Berlin or CRON_TZ=Europe/Berlin."""
    macros: bool = False
    """@daily and the like, and @every 6h."""
    question_mark: bool = False
    """? for *."""
    open_steps: bool = False
    """5/10 for 5-59/10."""

    def fields(self) -> tuple[Field, ...]:
        """The five usual fields, in their order."""
        return (
            Field("minute", 0, 59),
            Field("hour", 0, 23),
            Field("day of the month", 1, 31),
            Field("month", 1, 12, _MONTHS),
            Field("day of the week", 0, self.last_day, _DAYS),
        )


UNIX = Rules()
"""The five usual fields and nothing else."""


def check(cron: str, rules: Rules, title: str) -> None:
    """Refuses an expression that a platform would refuse, or that would never come due.

    Args:
        cron: The expression.
        rules: What the platform takes.
        title: What people call the platform.

    Raises:
        ConfigError: It is refused; the field is named.
    """
    try:
        _check(cron, rules, title)
    except ValueError as error:
        raise ConfigError(
            f"--cron '{cron}' is no schedule for {title}",
            str(error),
            "Such as '0 4 * * 1', for Mondays at four.",
        ) from None


def _check(cron: str, rules: Rules, title: str) -> None:
    words = cron.split()
    if words and (zone := _ZONE.fullmatch(words[0])):
        if not rules.zones:
            raise ValueError(
                f"time zone: received {words[0]}. {title} takes none here: the cluster's own "
                "setting holds for all schedules, and without one it is UTC."
            )
        _check_zone(zone[1])
        words = words[1:]
    if words and words[0].startswith("@"):
        _check_macro(words, rules)
        return
    fields = list(rules.fields())
    if rules.seconds and len(words) == len(fields) + 1:
        fields.insert(0, Field("second", 0, 59))
    if len(words) != len(fields):
        names = ", ".join(each.name for each in fields)
        more = ", or six with the second before them" if rules.seconds else ""
        raise ValueError(f"Expected: five fields, {names}{more}. Received: {len(words)}.")
    values = [_values(word, each, rules) for word, each in zip(words, fields, strict=True)]
    _check_comes_due(values[-3], values[-2], any_weekday=words[-1][0] in "*?")


def _check_zone(name: str) -> None:
    known = zoneinfo.available_timezones()
    if known and name not in known:
        raise ValueError(
            f"time zone: received {name or 'nothing'}. Expected: a name such as Europe/Berlin."
        )


def _check_macro(words: list[str], rules: Rules) -> None:
    given = " ".join(words)
    same = _MACROS.get(given)
    if not rules.macros:
        raise ValueError(
            f"Received: {given}. Expected: five fields" + (f", here: {same}." if same else ".")
        )
    if same is None and not (
        len(words) == 2 and words[0] == "@every" and _DURATION.fullmatch(words[1])
    ):
        raise ValueError(f"Received: {given}. Expected: {', '.join(_MACROS)} or @every 6h.")


def _values(word: str, each: Field, rules: Rules) -> set[int]:
    """The numbers that a field stands for."""
    found: set[int] = set()
    for part in word.split(","):
        try:
            found |= _range(part, each, rules)
        except ValueError as error:
            reason = f" ({error})" if str(error) else ""
            raise ValueError(
                f"{each.name}: received {part or 'nothing'}{reason}. Expected: {each.expected}."
            ) from None
    return found


def _range(part: str, each: Field, rules: Rules) -> set[int]:
    span, slash, step = part.partition("/")
    every = int(step) if re.fullmatch(r"[0-9]+", step) else 0
    if slash and every < 1:
        raise ValueError("a step is 1 or more")
    low, hyphen, high = span.partition("-")
    if span == "*" or (span == "?" and rules.question_mark):
        first, last = each.smallest, each.largest
    else:
        first = _number(low, each)
        last = _number(high, each) if hyphen else first
        if slash and not hyphen:
            if not rules.open_steps:
                raise ValueError(f"a step needs a range: {first}-{each.largest}/{every}")
            last = each.largest
    if first > last:
        raise ValueError("the range ends before it begins")
    return set(range(first, last + 1, every or 1))


def _number(text: str, each: Field) -> int:
    named = each.names.get(text.lower())
    if named is not None:
        return named
    if not re.fullmatch(r"[0-9]+", text) or not each.smallest <= int(text) <= each.largest:
        raise ValueError
    return int(text)


def _check_comes_due(days: set[int], months: set[int], any_weekday: bool) -> None:
    """Where only days of the month count, one of the months must have one of them."""
    leap_year = 2024
    longest = max(calendar.monthrange(leap_year, month)[1] for month in months)
    if any_weekday and min(days) > longest:
        raise ValueError(f"day of the month: received {min(days)}, which no chosen month has.")
