"""How tables spell what is missing, truth values, numbers and dates."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from components.tables import times

MISSING = (
    "NA", "N/A", "n/a", "na", "NaN", "nan", "NAN", "<NA>", "#N/A", "#N/A N/A", "#NA", "NULL",
    "Null", "null", "None", "none", "NONE", "nil", "?", "-", "--", ".", "missing", "Missing",
    "unknown", "Unknown", "-nan", "NaT", "\\N", "(null)", "#VALUE!", "#DIV/0!",
)  # fmt: skip
"""Texts that may stand for a missing value."""

MEANT = 0.98
"""The share of a column's values that says what the others were meant to be."""

CERTAIN = frozenset(
    {"N/A", "n/a", "NaN", "nan", "NAN", "<NA>", "#N/A", "#N/A N/A", "#NA", "NULL", "Null", "null",
     "?", "-nan", "NaT", "\\N", "(null)", "#VALUE!", "#DIV/0!"}
)  # fmt: skip
"""Those that mean nothing else, so that they do so among words, too."""

_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
"""What `models.common.columns.booleans` reads, in any case."""


def truth_values(values: Iterable[object]) -> tuple[list[str], list[str]] | None:
    """The spellings of false and of true that a column has; None where it has other values.

    Args:
        values: All distinct values of the column.
    """
    seen = [str(value).strip() for value in values]
    no = sorted(value for value in seen if value.lower() in _FALSE)
    yes = sorted(value for value in seen if value.lower() in _TRUE)
    if not no or not yes or len(no) + len(yes) < len(seen):
        return None
    return no, yes


_NUMBER = re.compile(
    r"[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?"
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
)
_SIGNS = re.compile(r"^[\s$€£¥]+|[\s$€£¥%]+$")
_DECIMAL_COMMA = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+),\d+")


def is_number(text: str) -> bool:
    """Whether a text is a number such as `1,234.5`, `$12` or `12 %`."""
    plain = _SIGNS.sub("", text)
    return _NUMBER.fullmatch(plain) is not None


def number(text: str) -> float:
    """The number that a text is, as `models.common.columns.numbers` has it; NaN: it is none."""
    return float(_SIGNS.sub("", text).replace(",", "")) if is_number(text) else math.nan


def has_decimal_comma(text: str) -> bool:
    """Whether a text is a number such as `1.234,5`, whose comma is no thousands separator."""
    plain = _SIGNS.sub("", text)
    return _DECIMAL_COMMA.fullmatch(plain) is not None and not is_number(text)


def decimal_commas(texts: Sequence[str]) -> list[str]:
    """Those with a decimal comma, where nearly all are numbers; else none.

    One such number tells of all, as `1,234` could be either.
    """
    commas = [text for text in texts if has_decimal_comma(text)]
    numbers = sum(map(is_number, texts))
    return commas if len(commas) + numbers >= MEANT * len(texts) else []


_DATES = (
    ("%Y-%m-%d", r"\d{4}-\d{1,2}-\d{1,2}"),
    ("%Y/%m/%d", r"\d{4}/\d{1,2}/\d{1,2}"),
    ("%Y.%m.%d", r"\d{4}\.\d{1,2}\.\d{1,2}"),
    ("%Y%m%d", r"(?:19|20)\d{6}"),
    ("%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}"),
    ("%d/%m/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
    ("%m/%d/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
    ("%d-%m-%Y", r"\d{1,2}-\d{1,2}-\d{4}"),
    ("%m-%d-%Y", r"\d{1,2}-\d{1,2}-\d{4}"),
    ("%d.%m.%y", r"\d{1,2}\.\d{1,2}\.\d{2}"),
    ("%d/%m/%y", r"\d{1,2}/\d{1,2}/\d{2}"),
    ("%m/%d/%y", r"\d{1,2}/\d{1,2}/\d{2}"),
    ("%d-%b-%Y", r"\d{1,2}-[A-Za-z]{3}-\d{4}"),
    ("%d-%b-%y", r"\d{1,2}-[A-Za-z]{3}-\d{2}"),
    ("%d %b %Y", r"\d{1,2} [A-Za-z]{3} \d{4}"),
    ("%d %B %Y", r"\d{1,2} [A-Za-z]{4,9} \d{4}"),
    ("%b %d, %Y", r"[A-Za-z]{3} \d{1,2}, \d{4}"),
    ("%B %d, %Y", r"[A-Za-z]{4,9} \d{1,2}, \d{4}"),
)
_TIMES = (
    ("", ""),
    (" %H:%M", r" \d{1,2}:\d{2}"),
    (" %H:%M:%S", r" \d{1,2}:\d{2}:\d{2}"),
    (" %H:%M:%S.%f", r" \d{1,2}:\d{2}:\d{2}\.\d{1,6}"),
    (" %H:%M:%S%z", r" \d{1,2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:?\d{2})"),
    ("T%H:%M", r"T\d{2}:\d{2}"),
    ("T%H:%M:%S", r"T\d{2}:\d{2}:\d{2}"),
    ("T%H:%M:%S.%f", r"T\d{2}:\d{2}:\d{2}\.\d{1,6}"),
    ("T%H:%M:%S%z", r"T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:?\d{2})"),
    ("T%H:%M:%S.%f%z", r"T\d{2}:\d{2}:\d{2}\.\d{1,6}(?:Z|[+-]\d{2}:?\d{2})"),
    (" %I:%M %p", r" \d{1,2}:\d{2} [APap][Mm]"),
    (" %I:%M:%S %p", r" \d{1,2}:\d{2}:\d{2} [APap][Mm]"),
)
_FORMATS = [
    (date + time, re.compile(date_pattern + time_pattern))
    for date, date_pattern in _DATES
    for time, time_pattern in _TIMES
] + [
    (time.strip(), re.compile(pattern.strip())) for time, pattern in _TIMES if time.startswith(" %")
]
_MEANT = 0.98
"""So many of a column's values have to be dates; the others are taken for mistakes."""


def date_formats(values: Sequence[str]) -> list[str]:
    """The formats of `strptime` that a column of dates has, the most frequent first; else none.

    Where all values can be read with the day or with the month first, the first is the one with the
    day, and `other_reading` has the other.

    Args:
        values: Values of the column.
    """
    left = list(dict.fromkeys(value.strip() for value in values))
    most_others = (1 - _MEANT) * len(left)
    if not left or sum(any(map(str.isdigit, value)) for value in left) < _MEANT * len(left):
        return []
    found: dict[str, int] = {}
    for format, pattern in _FORMATS:
        matching = [value for value in left if pattern.fullmatch(value)]
        read = {value for value in matching if times.parse(value, format) is not None}
        # A reading that several values contradict is not the column's: 03/25/2025 has no month 25.
        if read and len(read) >= _MEANT * len(matching):
            found[format] = len(read)
            left = [value for value in left if value not in read]
    if len(left) > most_others:
        return []
    return sorted(found, key=lambda format: -found[format])


def other_reading(format: str, values: Sequence[str]) -> str:
    """The same format with day and month exchanged, where nothing in the values speaks against it.

    Args:
        format: Such as `%d/%m/%Y`.
        values: Distinct values of the column that have it.
    """
    match = re.match(r"%d([/.-])%m", format)
    if match is None or match[1] == ".":
        return ""
    other = f"%m{match[1]}%d{format[match.end() :]}"
    read = [value for value in values if times.parse(value, format) is not None]
    also = [value for value in read if times.parse(value, other) is not None]
    return other if read and len(also) == len(read) else ""
