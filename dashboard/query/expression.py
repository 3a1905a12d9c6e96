"""Filters such as `auc > 0.8 and blessed`: a small part of Python's expressions.

An expression is parsed once into functions; nothing of it is executed as code. Names are those of
`dashboard.query.columns`. A comparison with a value that a run does not have is false.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboard.errors import DashboardError
from dashboard.query.columns import GROUPS, Columns, Getter
from dashboard.records.fields import seconds_since_1970
from dashboard.records.outcomes import STATUSES, status_named
from dashboard.records.runs import Run

MAX_LENGTH = 1000

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}
_CONSTANTS = {"true": True, "false": False, "none": None}
_UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86_400),
}
_DAY = 86_400
_SHORTEST_HASH = 4
"""Characters from which the beginning of a hash stands for it."""
_DURATION = re.compile(r"\s*([\d.]+)\s*([a-z]+)\s*")
_STRINGS = re.compile(r"""("[^"]*"|'[^']*')""")


class FilterError(DashboardError):
    """An expression is not a filter.

    Args:
        start: The first character that is at fault, from 0.
        end: The character after the last one.
    """

    def __init__(self, headline: str, start: int, end: int, remedy: str = ""):
        super().__init__(headline, f"At character {start + 1}.", remedy)
        self.start = start
        self.end = end

    def as_json(self) -> dict[str, Any]:
        """What a page is told, with the place."""
        return {**super().as_json(), "start": self.start, "end": self.end}


@dataclass(frozen=True)
class Filter:
    """Tells whether a run passes, at a time in seconds since 1970."""

    value: Getter
    names: frozenset[str]
    """The names that it asks for, in lower case."""

    def __call__(self, run: Run, now: float) -> bool:
        """Whether a run passes."""
        return bool(self.value(run, now))


class _Day(float):
    """The first second of a day, which is equal to every time of it."""


class _Hash(str):
    """A hash, or its beginning as lists show it."""


def compile_filter(text: str, columns: Columns) -> Filter:
    """What tells whether a run passes.

    Raises:
        FilterError: The text is not an expression of this small language, or names what no run has.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(
            "The expression is too long", MAX_LENGTH, len(text), f"At most {MAX_LENGTH} characters."
        )
    text = _lower_operators(text)
    lead = len(text) - len(text.lstrip())
    source = text.strip()
    try:
        tree = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise _syntax_error(source, lead, error) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise FilterError("The expression cannot be read", 0, len(text)) from error
    compiler = _Compiler(source, lead, columns)
    try:
        return Filter(compiler.value(tree), frozenset(compiler.names))
    except RecursionError as error:
        raise FilterError("The expression is nested too deeply", 0, len(text)) from error


class _Compiler:
    """Turns a syntax tree into functions of a run and the time."""

    def __init__(self, source: str, lead: int, columns: Columns):
        self._source = source
        self._lead = lead
        self._columns = columns
        self.names: set[str] = set()

    def value(self, tree: ast.expr) -> Getter:
        match tree:
            case ast.BoolOp(op, values):
                parts = [self.value(each) for each in values]
                every = all if isinstance(op, ast.And) else any
                return lambda run, now: every(part(run, now) for part in parts)
            case ast.UnaryOp(ast.Not(), operand):
                inner = self.value(operand)
                return lambda run, now: not inner(run, now)
            case ast.Compare(left, operators, comparators):
                return self._compare(left, operators, comparators)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._named(tree)
            case _:
                constant = self._constant(tree)
                return lambda run, now: constant

    def _compare(
        self, left: ast.expr, operators: list[ast.cmpop], rights: list[ast.expr]
    ) -> Getter:
        tests = []
        for comparison, right in zip(operators, rights, strict=True):
            tests.append(self._comparison(left, comparison, right))
            left = right
        return lambda run, now: all(test(run, now) for test in tests)

    def _comparison(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> Getter:
        first, second = self._side(left, right), self._side(right, left)
        match comparison:
            case ast.Eq() | ast.Is():
                return lambda run, now: _equal(first(run, now), second(run, now))
            case ast.NotEq() | ast.IsNot():
                return lambda run, now: not _equal(first(run, now), second(run, now))
            case ast.In():
                return lambda run, now: _within(first(run, now), second(run, now))
            case ast.NotIn():
                return lambda run, now: not _within(first(run, now), second(run, now))
        test = _COMPARISONS[type(comparison)]

        def ordered(run: Run, now: float) -> bool:
            one, other = first(run, now), second(run, now)
            if one is None or other is None:
                return False
            try:
                return bool(test(one, other))
            except TypeError:
                return False

        return ordered

    def _side(self, tree: ast.expr, other: ast.expr) -> Getter:
        """One side of a comparison; a text is read as what it is compared with: a time, say."""
        name = other.id.lower() if isinstance(other, ast.Name) else ""
        if name in _MEANT and isinstance(tree, ast.Constant | ast.List | ast.Tuple | ast.Set):
            meant = _meant(self._constant(tree), _MEANT[name])
            return lambda run, now: meant
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
            if name == "started":
                return self._moment(tree, tree.value)
            if name == "duration":
                seconds = _seconds(tree.value)
                if seconds is None:
                    raise self._error("This is no duration", tree, 'Such as "5 min".')
                return lambda run, now: seconds
        elif name in ("status", "model") and isinstance(tree, ast.Name):
            word = tree.id
            if self._columns.find(word) is None and word.lower() not in _CONSTANTS:
                known = f" One of: {', '.join(STATUSES)}." if name == "status" else ""
                raise self._error(
                    f"{word} is not the name of a column", tree, f'For a text: "{word}".{known}'
                )
        return self.value(tree)

    def _moment(self, tree: ast.expr, text: str) -> Getter:
        """A time as a date, or as how long ago it was when the filter is asked."""
        words = " ".join(text.lower().split())
        if words in ("today", "yesterday"):
            back = _DAY if words == "yesterday" else 0
            return lambda run, now: _Day(now // _DAY * _DAY - back)
        if words.endswith(" ago") and (past := _seconds(words.removesuffix(" ago"))) is not None:
            return lambda run, now: now - past
        seconds = seconds_since_1970(text)
        if seconds is None:
            example = 'Such as "2026-11-21", "today", "yesterday" or "3 days ago".'
            raise self._error("This is no date or time", tree, example)
        moment = _Day(seconds) if _DATE.fullmatch(text.strip()) else seconds
        return lambda run, now: moment

    def _named(self, tree: ast.expr) -> Getter:
        name = self._dotted(tree)
        if isinstance(tree, ast.Name) and name.lower() in _CONSTANTS:
            constant = _CONSTANTS[name.lower()]
            return lambda run, now: constant
        found = self._columns.find(name)
        if found is None:
            close = self._columns.close(name)
            raise self._error(
                f"No run has a column {name}", tree, f"Did you mean {close}?" if close else ""
            )
        self.names.add(name.lower())
        return found

    def _dotted(self, tree: ast.expr) -> str:
        match tree:
            case ast.Name(name):
                return name
            case ast.Attribute(inner, name):
                return f"{self._dotted(inner)}.{name}"
            case ast.Subscript(inner, ast.Constant(str(name))):
                group = self._dotted(inner)
                if group.partition(".")[0].lower() in GROUPS:
                    return f"{group}.{name}"
        raise self._error("This is not a name", tree, 'Such as auc, or metrics["odd name"].')

    def _constant(self, tree: ast.expr) -> Any:
        match tree:
            case ast.Constant(value) if value is None or isinstance(
                value, str | bool | int | float
            ):
                return value
            case ast.UnaryOp(ast.USub(), ast.Constant(int(value) | float(value))):
                return -value
            case ast.List(items) | ast.Tuple(items) | ast.Set(items):
                return [self._constant(item) for item in items]
        raise self._error(
            "A filter cannot have this",
            tree,
            "It has names, numbers, texts in quotes, comparisons, and, or, not, in, and brackets.",
        )

    def _error(self, headline: str, tree: ast.expr, remedy: str) -> FilterError:
        line = self._source.encode()
        start = len(line[: tree.col_offset].decode()) + self._lead
        end = len(line[: tree.end_col_offset].decode()) + self._lead
        return FilterError(headline, start, end, remedy)


_MEANT: dict[str, Callable[[str], str]] = {
    "status": status_named,
    "commit": _Hash,
    "dataset": _Hash,
}
"""What a text beside these names is read as."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _equal(one: Any, other: Any) -> bool:
    """Whether values are the same; upper and lower case count as the same in texts."""
    if isinstance(one, _Day | _Hash):
        one, other = other, one
    if isinstance(other, _Day) and isinstance(one, float | int):
        return other <= one < other + _DAY
    if isinstance(one, str) and isinstance(other, str):
        if isinstance(other, _Hash) and len(other) >= _SHORTEST_HASH:
            return one.lower().startswith(other.lower())
        return one.lower() == other.lower()
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(one == other)


def _meant(value: Any, read: Callable[[str], str]) -> Any:
    """A text, or each one in a list, as what it is compared with; other values as they are."""
    if isinstance(value, list):
        return [_meant(item, read) for item in value]
    return read(value) if isinstance(value, str) else value


def _within(item: Any, container: Any) -> bool:
    """Whether a text has a part, or a list an item."""
    if isinstance(container, str):
        return isinstance(item, str) and item.lower() in container.lower()
    if isinstance(container, list):
        return any(_equal(item, each) for each in container)
    return False


def _seconds(text: str) -> float | None:
    found = _DURATION.fullmatch(text.lower())
    try:
        return float(found[1]) * _UNITS[found[2]] if found else None
    except (KeyError, ValueError):
        return None


def _lower_operators(text: str) -> str:
    """The text with AND, OR, NOT and IN in lower case, and with line ends as blanks."""
    parts = _STRINGS.split(text)
    for number in range(0, len(parts), 2):
        small = re.sub(r"\b(AND|OR|NOT|IN)\b", lambda found: found[0].lower(), parts[number])
        parts[number] = re.sub(r"\s", " ", small)
    return "".join(parts)


def _syntax_error(source: str, lead: int, error: SyntaxError) -> FilterError:
    outside = _STRINGS.sub(lambda found: " " * len(found[0]), source)
    for pattern, remedy in (
        (r"(?<![=!<>])=(?!=)", "Two values are compared with ==."),
        (r"&&|\|\||!(?!=)", "Write and, or, not in the place of &&, ||, !."),
        (r"(\b(and|or|not|in)|[<>=,(])$", "It ends too early."),
    ):
        if found := re.search(pattern, outside):
            start, end = found.span()
            return FilterError("The expression cannot be read", lead + start, lead + end, remedy)
    if not source:
        return FilterError("The expression is empty", 0, 0)
    start = min(max((error.offset or 1) - 1, 0), len(source))
    end = max(min((error.end_offset or 0) - 1, len(source)), start + 1)
    keyword = 'A name that Python keeps for itself is written metrics["lambda"].'
    remedy = keyword if re.search(r"\.(lambda|class|from|global|pass)\b", outside) else ""
    return FilterError("The expression cannot be read", lead + start, lead + end, remedy)
