"""Spans: `{SPAN}`, `{VERSION}` and dates in a path, and which of those that are there are read.

The placeholders are those of TFX's ExampleGen (`tfx.components.example_gen.utils`): `{SPAN}` and
`{VERSION}` stand for whole numbers, with a width where it is given (`{SPAN:4}`); `{YYYY}`, `{MM}`
and `{DD}` for a date. Beyond TFX, a date may end with its month or year and stand there twice, and
more than one span may be read.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass

from models.common.errors import DataError, did_you_mean

_DATE = ("YYYY", "MM", "DD")
_PLACEHOLDER = re.compile(r"\{(SPAN|VERSION|YYYY|MM|DD)(?::(\d+))?\}")
_LIKE_ONE = re.compile(r"\{([^{}/:]*)[^{}/]*\}")
_GLOB = re.compile(r"(\*\*/|\*+|\?|\[[!^]?\]?[^]/]*\])")
_REMEDY = "Correct data.path or data.spans in the model's config.yaml."

Key = tuple[int, ...]
"""A span, comparable with others: its number, or year, month and day as far as the path says."""


@dataclass(frozen=True)
class Spans:
    """Which spans to read, of those that are there."""

    latest: int | None = 1
    """So many, the latest; None: all."""
    start: str | None = None
    """None before this one; None: from the first."""
    end: str | None = None
    """None after this one; None: to the last."""


def has_placeholder(path: str) -> bool:
    """Whether the path stands for several spans."""
    return _PLACEHOLDER.search(path) is not None


def as_glob(path: str) -> str:
    """The glob that matches every span.

    Raises:
        DataError: The placeholders do not make a span.
    """
    _check(path)
    return _PLACEHOLDER.sub("*", path)


def select(pattern: str, paths: Iterable[str], spans: Spans) -> tuple[list[str], list[str]]:
    """The paths of the spans to read, and the names of these spans, the earliest first.

    Of each span it is the latest version alone.

    Args:
        pattern: A glob with placeholders.
        paths: What its glob matches.
        spans: Which to read.

    Raises:
        DataError: None of the paths is of such a span, or two spans have the same number.
    """
    _check(pattern)
    regex = _regex(pattern)
    found: dict[Key, dict[int, list[tuple[str, str]]]] = {}
    for path in paths:
        match = regex.fullmatch(path)
        if match and (key := _key(match.groupdict())):
            version = match.groupdict().get("VERSION") or "0"
            spelt = f"{match.groupdict().get('SPAN', '')} {version}"
            found.setdefault(key, {}).setdefault(int(version), []).append((spelt, path))
    if not found:
        return [], []
    chosen = _chosen(pattern, sorted(found), spans)
    files = []
    for key in chosen:
        newest = found[key][max(found[key])]
        if len({spelt for spelt, _ in newest}) > 1:
            raise DataError(
                f"{pattern}: the span {_name(key)} is there twice",
                f"Received: {newest[0][1]} and {newest[-1][1]}.",
                "Give the placeholder its width, such as {SPAN:2}, or rename one of them.",
            )
        files += [path for _, path in newest]
    return files, [_name(key) for key in chosen]


def in_words(names: list[str]) -> str:
    """The spans that were read: one, or the first and the last and how many."""
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]} ({len(names)} spans)"


def unknown_placeholder(path: str) -> str:
    """What to say where braces in a path are none of the placeholders; empty where they are."""
    for match in _LIKE_ONE.finditer(path):
        if not _PLACEHOLDER.fullmatch(match[0]):
            known = ("SPAN", "VERSION", *_DATE)
            close = did_you_mean(match[1].upper(), known) or "."
            return (
                f"{match[0]} is no placeholder{close} Placeholders: "
                f"{', '.join(f'{{{name}}}' for name in known)}."
            )
    return ""


def _check(pattern: str) -> None:
    names = [name for name, _ in _PLACEHOLDER.findall(pattern)]
    dates = [part for part in _DATE if part in names]
    mistake = ""
    if "SPAN" in names and dates:
        mistake = f"{{SPAN}} beside {{{dates[0]}}}: a span is a number or a date"
    elif "VERSION" in names and "SPAN" not in names and not dates:
        mistake = "{VERSION} without a span: a version is one of a {SPAN} or of a date"
    elif dates and dates != list(_DATE[: len(dates)]):
        mistake = f"{{{dates[-1]}}} without {{{_DATE[_DATE.index(dates[-1]) - 1]}}}"
    if mistake:
        raise DataError(
            f"data.path has {mistake}",
            f"Expected: {{SPAN}}, or {{YYYY}}, {{MM}} and {{DD}}, and with either {{VERSION}}. "
            f"Received: {pattern}.",
            _REMEDY,
        )


def _regex(pattern: str) -> re.Pattern[str]:
    """What matches the same as the glob, and tells placeholders from the rest."""
    parts, position, seen = [], 0, set()
    for match in _PLACEHOLDER.finditer(pattern):
        parts.append(_glob_regex(pattern[position : match.start()]))
        name, width = match.groups()
        digits = {"YYYY": "4", "MM": "2", "DD": "2"}.get(name, width)
        count = f"{{{digits}}}" if digits else "+"
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>[0-9]{count})")
        seen.add(name)
        position = match.end()
    parts.append(_glob_regex(pattern[position:]))
    return re.compile("".join(parts), re.DOTALL)


def _glob_regex(text: str) -> str:
    def one(part: str) -> str:
        if part == "**/":
            return "(?:[^/]+/)*"
        if part.startswith("*"):
            return "[^/]*"
        if part == "?":
            return "[^/]"
        if _GLOB.fullmatch(part):
            inside = re.sub(r"([\\[&~|])", r"\\\1", part[1:-1])
            return f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
        return re.escape(part)

    return "".join(map(one, filter(None, _GLOB.split(text))))


def _key(groups: dict[str, str]) -> Key | None:
    """The span of a path; None where it is no date."""
    if "SPAN" in groups:
        return (int(groups["SPAN"]),)
    key = tuple(int(groups[part]) for part in _DATE if part in groups)
    return key if _is_date(key) else None


def _is_date(key: Key) -> bool:
    try:
        datetime.date(*(*key, 1, 1)[:3])
    except ValueError:
        return False
    return True


def _name(key: Key) -> str:
    return f"{key[0]:04}" + "".join(f"-{part:02}" for part in key[1:]) if key[1:] else str(key[0])


def _chosen(pattern: str, known: list[Key], spans: Spans) -> list[Key]:
    length = len(known[0])
    start = _bound("start", spans.start, length)
    end = _bound("end", spans.end, length)
    within = [key for key in known if (not start or key >= start) and (not end or key <= end)]
    if not within:
        asked = f"{spans.start or 'the first'} to {spans.end or 'the last'}"
        raise DataError(
            f"{pattern} has no span from {asked}",
            f"Received: {in_words([_name(key) for key in known])}.",
            _REMEDY,
        )
    return within if spans.latest is None else within[-spans.latest :]


def _bound(name: str, text: str | None, length: int) -> Key | None:
    """A span as somebody writes it."""
    if text is None:
        return None
    digits = text.strip()
    parts = re.fullmatch(
        r"(\d{4})-?(\d{2})-?(\d{2})" if length == 3 else r"(\d{4})-?(\d{2})", digits
    )
    if length == 1 and digits.isdecimal():
        return (int(digits),)
    if length > 1 and parts and _is_date(key := tuple(map(int, parts.groups()))):
        return key
    expected = {1: "a number such as 12", 2: "a month such as 2025-01"}.get(
        length, "a date such as 2025-01-31"
    )
    raise DataError(
        f"data.spans.{name} is no span of data.path",
        f"Expected: {expected}. Received: {text}.",
        _REMEDY,
    )
