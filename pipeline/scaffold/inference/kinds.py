"""What a column is taken for, by its values and, where these leave it open, by its name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from components.tables import times
from pipeline.scaffold.reading import spellings
from pipeline.scaffold.reading.profile import ColumnProfile

Kind = Literal[
    "number", "code", "category", "boolean", "date", "text", "vector",
    "identifier", "group", "constant", "copy", "left out",
]  # fmt: skip
"""What a column is taken for. From `identifier` on no model reads it."""

INPUT_KINDS: tuple[Kind, ...] = get_args(Kind)[:7]
"""Kinds that a model reads."""

FEW = 10
"""Whole numbers with so many different values are codes, whatever their name."""
_CODES = 1_000
_FEWEST_GROUPS, _ROWS_OF_GROUP = 50, 1.5
_UNIQUE = 0.95
_FEWEST_ROWS = 20
_WORDS = 4.0
_FEWEST_TIMES = 60
"""Of so many numbers some would end in 60 to 99, were they no times of day."""

_ID_NAME = re.compile(
    r"(?:^|[^a-z])(?:id|ids|uuid|guid|key|no|nr|num|number|index|idx|token|hash|unnamed: \d+)$"
    r"|(?<=[a-z])I[Dd]$",
)
_GROUP_NAME = re.compile(
    r"(?:^|[^a-z])(?:user|customer|client|patient|subject|person|member|device|session|account"
    r"|household|driver|vehicle|machine|sensor|player|student|employee|visitor)(?:$|[^a-z])"
)
_CODE_NAME = re.compile(
    r"(?:^|[^a-z])(?:code|type|class|category|zip|zipcode|postal|postcode|zone|area|region|district"
    r"|cluster|status|month|weekday|dayofweek|day|hour|minute|week|quarter|channel|sector)$"
)
_EPOCH_NAME = re.compile(r"(?:^|[^a-z])(?:time|timestamp|ts|date|datetime|epoch|unix|created|at)")


@dataclass(frozen=True)
class Choice:
    """What a column is taken for."""

    name: str
    kind: Kind
    why: str
    others: tuple[Kind, ...] = ()
    """What else it may well be, to be asked; empty: it is clear."""
    formats: tuple[str, ...] = ()
    """Of a date, as `models.common.columns.dates` has them."""
    vector: str = ""
    """The name of the vector that the column is a part of."""
    notes: tuple[str, ...] = field(default=())
    """What somebody should know of it."""

    @property
    def is_input(self) -> bool:
        """Whether the model reads it."""
        return self.kind in INPUT_KINDS


def choose(profile: ColumnProfile) -> Choice:
    """What a column is taken for, by itself."""
    name, column = profile.name, profile.column
    if column.unreadable is not None:
        why = f"an example cannot hold {column.unreadable}: write it as a number or text"
        return Choice(name, "left out", why)
    if not profile.present or column.type is None:
        return Choice(name, "left out", "no value in any row")
    if column.is_list:
        return _list(profile)
    if column.constant:
        return Choice(name, "constant", f"{_shown(column.values[0])} in every row")
    if profile.present < _FEWEST_ROWS and profile.missing > 0.9 * profile.rows:
        return Choice(name, "left out", f"only {profile.present} rows have a value")
    if profile.distinct <= 1:
        return Choice(name, "category", "there or not")
    return _number(profile) if profile.is_number else _text(profile)


def as_kind(profile: ColumnProfile, kind: Kind) -> Choice | None:
    """The column taken as what somebody said; None where it cannot be."""
    why = "as you said"
    if kind == "date":
        found = _date(profile, asked=True)
        formats = found.formats if found else ()
        return Choice(profile.name, kind, why, formats=formats) if formats else None
    readable = profile.column.unreadable is None and profile.present > 0
    if kind == "vector":
        is_vector = readable and _list(profile).kind == "vector"
        return Choice(profile.name, kind, why, vector=profile.name) if is_vector else None
    if kind in INPUT_KINDS and (not readable or profile.column.is_list):
        return None
    texts = [str(value) for value, _ in profile.counts]
    if kind == "number" and not profile.is_number and not any(map(spellings.is_number, texts)):
        return None
    if kind == "boolean" and spellings.truth_values(texts) is None:
        return None
    if kind == "text" and profile.is_number:
        return None
    return Choice(profile.name, kind, why)


def _list(profile: ColumnProfile) -> Choice:
    fewest, most = profile.column.lengths or (0, 0)
    if profile.column.type == "STRING":
        return Choice(profile.name, "left out", "lists of text: docs/new-model.md has a recipe")
    if fewest == most and not profile.missing:
        return Choice(profile.name, "vector", f"{most} numbers in each row", vector=profile.name)
    return Choice(
        profile.name, "left out", f"lists of {fewest} to {most} numbers: write as many in each row"
    )


def _number(profile: ColumnProfile) -> Choice:
    name, values = profile.name, profile.sample
    values = values[~np.isnan(values)]
    whole = profile.column.type == "INT" or bool((values == np.round(values)).all())
    if not whole:
        return Choice(name, "number", "numbers with fractions")
    if spellings.truth_values([f"{value:g}" for value, _ in profile.counts]):
        return Choice(name, "boolean", "0 and 1")
    low, high = (values.min(), values.max()) if len(values) else (0.0, 0.0)
    if found := _identifier_number(profile, low, high) or _date(profile):
        return found
    distinct = profile.distinct
    if low >= 1900 and high <= 2100 and "year" in name.lower():
        return Choice(name, "number", "years")
    many_rows = profile.present >= 10 * distinct
    if _ID_NAME.search(_lower(name)) or _GROUP_NAME.search(_lower(name)):
        if distinct >= _FEWEST_GROUPS and profile.present >= _ROWS_OF_GROUP * distinct:
            return _group(profile)
        if many_rows and distinct <= _CODES:
            return Choice(name, "code", f"{distinct:,} different numbers, by its name of things")
    if _CODE_NAME.search(_lower(name)) and distinct <= _CODES and many_rows:
        return Choice(name, "code", f"{distinct:,} different whole numbers")
    if profile.column.losses.get("zeros") and distinct <= _CODES and many_rows:
        return Choice(name, "code", "whole numbers, some written with leading zeros")
    if distinct <= FEW and many_rows and high - low >= distinct - 1:
        return Choice(name, "code", f"{distinct} different whole numbers")
    return Choice(name, "number", "whole numbers")


def _identifier_number(profile: ColumnProfile, low: float, high: float) -> Choice | None:
    """An identifier, where nearly each row has a number of its own, as a count or by name."""
    if profile.distinct < _UNIQUE * profile.present or profile.present < _FEWEST_ROWS:
        return None
    numbers = profile.sample[~np.isnan(profile.sample)]
    span = high - low + 1
    rises = bool((np.diff(numbers) > 0).all())
    by_name = _ID_NAME.search(_lower(profile.name)) is not None
    if span <= 1.1 * profile.rows or (rises and span <= 20 * profile.rows) or by_name:
        why = "counts the rows" if rises else "another number in each row"
        return Choice(profile.name, "identifier", why)
    return None


def _text(profile: ColumnProfile) -> Choice:
    name, distinct = profile.name, profile.distinct
    texts = [value for value, _ in profile.counts if isinstance(value, str)]
    if not texts:
        return Choice(name, "left out", "bytes that are no text")
    if profile.is_exact and spellings.truth_values(texts):
        return Choice(name, "boolean", f"{' and '.join(map(_shown, texts[:2]))}")
    if found := _date(profile) or _numbers_as_text(profile, texts):
        return found
    words = float(np.mean([len(text.split()) for text in texts]))
    rows_of_value = profile.present / max(distinct, 1)
    if words >= _WORDS and distinct > FEW and rows_of_value < 20:
        return Choice(name, "text", f"{words:.0f} words in a value")
    if distinct >= _UNIQUE * profile.present and profile.present >= _FEWEST_ROWS:
        return Choice(name, "identifier", "another value in each row")
    hinted = _ID_NAME.search(_lower(name)) or _GROUP_NAME.search(_lower(name))
    coded = np.mean([any(map(str.isdigit, text)) for text in texts]) > 0.8
    if (hinted or (coded and distinct >= 20 * _FEWEST_GROUPS)) and distinct >= _FEWEST_GROUPS:
        if rows_of_value >= _ROWS_OF_GROUP:
            return _group(profile)
        return Choice(name, "identifier", f"{distinct:,} different values", ("category",))
    if words >= _WORDS and distinct > _CODES:
        return Choice(name, "text", f"{words:.0f} words in a value")
    if rows_of_value < 2 and profile.present >= _FEWEST_ROWS:
        why = f"{distinct:,} different values in {profile.present:,} rows"
        if words >= 2:
            return Choice(name, "text", why, ("left out", "category"))
        return Choice(name, "left out", why, ("category", "text"))
    return Choice(name, "category", f"{distinct:,} different values")


def _group(profile: ColumnProfile) -> Choice:
    rows = profile.present / profile.distinct
    return Choice(
        profile.name,
        "group",
        f"{profile.distinct:,} things of {rows:,.0f} rows each: new ones are to come",
        ("category", "identifier"),
    )


def _numbers_as_text(profile: ColumnProfile, texts: list[str]) -> Choice | None:
    """Text whose values are numbers: with signs, thousands' commas, or some that are none."""
    rows = dict(profile.counts)
    total = sum(rows.values())
    numeric = [text for text in texts if spellings.is_number(text)]
    if commas := spellings.decimal_commas(texts):
        why = f"a decimal comma, as in {commas[0]}: write numbers with a point"
        return Choice(profile.name, "left out", why)
    share = sum(rows[text] for text in numeric) / total if total else 0.0
    if share < spellings.MEANT or len(numeric) < 3:
        return None
    others = [text for text in texts if not spellings.is_number(text)]
    why = f"numbers but for {_shown(others[0])}" if others else f"as in {_shown(numeric[0])}"
    return Choice(profile.name, "number", why)


def _date(profile: ColumnProfile, asked: bool = False) -> Choice | None:
    """Dates and times: text in some format, numbers such as 20250131, 1430 or an epoch's."""
    name = profile.name
    if not profile.is_number:
        texts = [value for value, _ in profile.counts if isinstance(value, str)]
        if profile.distinct < 3 and not asked:
            return None
        formats = spellings.date_formats(texts)
        if not formats:
            return None
        others = [spellings.other_reading(format, texts) for format in formats]
        notes = [
            f"the day or the month may come first: taken as {format}, not {other}"
            for format, other in zip(formats, others, strict=True)
            if other
        ]
        why = f"written as {', '.join(formats[:2])}" + (", ..." if len(formats) > 2 else "")
        return Choice(name, "date", why, formats=tuple(formats), notes=tuple(notes))
    numbers = profile.sample[~np.isnan(profile.sample)]
    if not len(numbers) or (numbers != np.round(numbers)).any():
        return None
    low, high = numbers.min(), numbers.max()
    if low >= 19_000_101 and high <= 21_001_231:
        days = {f"{value:.0f}" for value in numbers}
        if all(times.parse(day, "%Y%m%d") is not None for day in days):
            return Choice(name, "date", "days such as 20250131", formats=("%Y%m%d",))
    if _EPOCH_NAME.search(_lower(name)) or asked:
        for format, unit in (("epoch_s", 1.0), ("epoch_ms", 1e3)):
            if 3e8 * unit <= low and high <= 4.2e9 * unit:
                return Choice(name, "date", f"an epoch's {format[6:]}", formats=(format,))
    of_the_day = low >= 0 and 1_200 < high <= 2_400 and bool((numbers % 100 < 60).all())
    if of_the_day and (profile.distinct >= _FEWEST_TIMES or asked):
        return Choice(name, "date", "times of day such as 1430", formats=("%H%M",))
    return None


def _lower(name: str) -> str:
    """A name for the patterns: in lower case, but with the capital of `userId`."""
    return re.sub(r"(?<=[a-z])I[Dd]$", "_id", name).lower()


def _shown(value: object) -> str:
    text = f"'{value}'"
    return text if len(text) <= 24 else f"{text[:20]}...'"


def is_of_people(name: str) -> bool:
    """Whether a column is called after those whose rows are alike, such as users."""
    return _GROUP_NAME.search(_lower(name)) is not None
