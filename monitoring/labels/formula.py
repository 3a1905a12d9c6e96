"""Labels that follow from columns: a small expression language, such as `tips > 0.2 * fare`.

Its grammar is that of Python's expressions, of which it takes names, numbers, quoted text,
`+ - * / // % **`, comparisons (also `in` a list in brackets), `and`, `or`, `not` and brackets.
A column whose name is no Python name stands in backquotes. Nothing is ever executed.

The pipeline has the same file, byte for byte, since no room imports another.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_LONGEST = 10_000
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`([^`]*)`")
# A letter that stays what it is when Python makes its identifiers uniform, and that nobody types.
_MARK = "ᚠ"
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


class Formula:
    """An expression over columns.

    Args:
        text: The expression.

    Raises:
        ValueError: It is none; the message names the position, counted from 1.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > _LONGEST:
            raise ValueError(f"it has {len(text)} characters; at most {_LONGEST} are taken")
        self._quoted: dict[str, str] = {}
        if _MARK in text:
            raise self._error(text.index(_MARK), f"{_MARK!r} cannot be used")
        self._code = _QUOTED.sub(self._marked, text)
        if "`" in _QUOTED.sub("", text):
            raise self._error(text.rindex("`"), "this backquote has no other")
        # Python takes what is indented for a mistake; nobody else does.
        self._indent = len(self._code) - len(self._code.lstrip())
        try:
            tree = ast.parse(self._code.lstrip(), mode="eval")
        except SyntaxError as error:
            place = self._indent + max((error.offset or 1) - 1, 0)
            raise self._error(place, f"not an expression ({error.msg})") from None
        except (RecursionError, MemoryError, ValueError) as error:
            raise ValueError(f"it cannot be read: {error or 'nested too deeply'}") from None
        self._tree = tree.body
        self._names: dict[str, None] = {}
        try:
            self._check(self._tree)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if not self._names:
            raise ValueError(f"'{text}' names no column")

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it names, in their order, each once."""
        return tuple(self._names)

    def evaluate(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The value of each row.

        A missing value counts as the preprocessing fills it: 0 among numbers, empty text among
        text. What is divided by 0 is infinite or NaN.

        Args:
            columns: For each name an array of shape [rows]: numbers (NaN: missing), booleans, or
                text (None: missing).

        Returns:
            Shape [rows]: booleans of a condition, else numbers or text.

        Raises:
            ValueError: A column is missing, or text stands where a number has to.
        """
        filled = {}
        for name in self._names:
            if name not in columns:
                known = ", ".join(map(repr, columns)) or "none"
                raise ValueError(f"'{self.text}' needs the column '{name}'; there are: {known}")
            filled[name] = _filled(np.asarray(columns[name]))
        with np.errstate(all="ignore"):
            return np.asarray(self._value(self._tree, filled))

    def _marked(self, found: re.Match[str]) -> str:
        """A name in backquotes as an identifier of the same length, so that places stay."""
        name, whole = found[1], found[0]
        if name is None:
            return whole
        if not name.strip():
            raise self._error(found.start(), "there is no name between the backquotes")
        mark = f"{_MARK}{len(self._quoted):x}".ljust(len(whole), _MARK)
        if len(mark) > len(whole):
            raise self._error(found.start(), "too many names in backquotes")
        self._quoted[mark] = name
        return mark

    def _check(self, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name):
                self._names[self._quoted.get(name, name)] = None
                return
            case ast.Constant(value=bool() | int() | float() | str()):
                return
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                parts = [left, right]
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not(), operand=operand):
                parts = [operand]
            case ast.BoolOp(values=values):
                parts = values
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                parts = [left]
                for compare, other in zip(ops, comparators, strict=True):
                    parts += self._compared(compare, other)
            case _:
                place = self._place(node)
                source = ast.get_source_segment(self._code.lstrip(), node) or "it"
                for mark, name in self._quoted.items():
                    source = source.replace(mark, f"`{name}`")
                raise self._error(place, f"'{source}' cannot be used here")
        for part in parts:
            self._check(part)

    def _compared(self, op: ast.cmpop, other: ast.expr) -> list[ast.expr]:
        """What has to be checked of the right side of a comparison."""
        if type(op) in _COMPARISONS:
            return [other]
        if not isinstance(op, ast.In | ast.NotIn):
            raise self._error(self._place(other), "`is` cannot be used; write ==")
        if not isinstance(other, ast.Tuple | ast.List) or not other.elts:
            raise self._error(self._place(other), "`in` needs a list, such as ('Cash', 'Card')")
        return other.elts

    def _value(self, node: ast.AST, columns: Mapping[str, np.ndarray]) -> Any:
        match node:
            case ast.Name(id=name):
                return columns[self._quoted.get(name, name)]
            case ast.Constant(value=str() as text):
                return text
            case ast.Constant(value=bool() | int() | float() as number):
                return self._float(number, node)
            case ast.BinOp(left=left, op=op, right=right):
                return _ARITHMETIC[type(op)](
                    self._number(left, columns), self._number(right, columns)
                )
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return np.logical_not(self._number(operand, columns))
            case ast.UnaryOp(op=op, operand=operand):
                value = self._number(operand, columns)
                return -value if isinstance(op, ast.USub) else value
            case ast.BoolOp(op=op, values=values):
                join = np.logical_and if isinstance(op, ast.And) else np.logical_or
                result = self._number(values[0], columns)
                for other in values[1:]:
                    result = join(result, self._number(other, columns))
                return result
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                result, before = np.True_, left
                for compare, other in zip(ops, comparators, strict=True):
                    result = np.logical_and(
                        result, self._comparison(before, compare, other, columns)
                    )
                    before = other
                return result
        raise AssertionError(node)

    def _comparison(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, columns: Mapping[str, np.ndarray]
    ) -> Any:
        if isinstance(op, ast.In | ast.NotIn):
            assert isinstance(right, ast.Tuple | ast.List)
            found: Any = np.False_
            for one in right.elts:
                found = np.logical_or(found, self._comparison(left, ast.Eq(), one, columns))
            return found if isinstance(op, ast.In) else np.logical_not(found)
        a, b = self._value(left, columns), self._value(right, columns)
        if _is_text(a) != _is_text(b):
            place = self._place(right)
            raise self._error(place, "text is compared with a number: quote text, not numbers")
        return _COMPARISONS[type(op)](a, b)

    def _number(self, node: ast.expr, columns: Mapping[str, np.ndarray]) -> Any:
        value = self._value(node, columns)
        if _is_text(value):
            raise self._error(self._place(node), "a number is needed here, and this is text")
        return value * 1.0 if np.asarray(value).dtype.kind == "b" else value

    def _float(self, number: float, node: ast.AST) -> np.float64:
        try:
            return np.float64(number)
        except OverflowError:
            raise self._error(self._place(node), "the number is too large") from None

    def _place(self, node: ast.AST) -> int:
        """Where a part begins, in characters from 0."""
        code = self._code.lstrip().splitlines() or [""]
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        before = sum(len(text) + 1 for text in code[: line - 1])
        return self._indent + before + len(code[line - 1].encode()[:column].decode())

    def _error(self, place: int, said: str) -> ValueError:
        return ValueError(f"'{self.text}', position {place + 1}: {said}")


def _filled(column: np.ndarray) -> np.ndarray:
    """A column without missing values, as numbers or as text."""
    if column.dtype.kind in "biuf":
        return np.nan_to_num(column.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
    if column.dtype.kind == "O":
        given = [value for value in column if value is not None and value == value]
        if not any(isinstance(value, str | bytes) for value in given):
            return _filled(np.array([np.nan if v is None else v for v in column], dtype=np.float64))
        return np.array(["" if v is None or v != v else _text(v) for v in column], dtype=object)
    return column.astype(object)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or np.asarray(value).dtype.kind == "O"
