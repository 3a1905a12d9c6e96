"""How a label follows from columns, as `monitoring.label` in `config.yaml` says it.

A formula is a comparison such as `tips > 0.2 * fare`, or anything else made of names of columns,
numbers, quoted text, `+ - * / // %`, comparisons, `and`, `or`, `not` and parentheses, read as
Python reads it. A column whose name is not a Python name stands in backquotes, such as
`` `total price` > 10 ``.

The pipeline has a copy of this file, and a test holds both to each other.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

# NumPy is imported where it computes: whoever reads a configuration does without.

MOST_CHARACTERS = 1_000
_MOST_DEPTH = 50
_LARGEST = 2**63 - 1
_TOKEN = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|`([^`]*)`""")
"""Quoted text, in which a backquote is nothing special, or a name in backquotes."""
_PLACEHOLDER = "_column_{}_in_backquotes"

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_OF_TEXT = (ast.Eq, ast.NotEq)


class FormulaError(ValueError):
    """A formula cannot be read, or does not fit the columns that it is given."""


@dataclass(frozen=True)
class Formula:
    """A formula that was read."""

    text: str
    columns: tuple[str, ...]
    """The columns that it names, each once, in order."""
    _tree: ast.expr

    def values(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """What the formula gives for each row.

        Args:
            columns: For each name in `columns` its values, [rows]: numbers, or text as objects or
                Python's `str`. Whoever calls has filled what is missing; where a number is NaN,
                no comparison but `!=` holds.

        Returns:
            [rows]: of booleans, numbers or text.

        Raises:
            FormulaError: A column is not there, or text stands where a number is needed.
        """
        import numpy as np

        for name in self.columns:
            if name not in columns:
                raise FormulaError(f"there is no column '{name}'")
        rows = len(columns[self.columns[0]])
        try:
            with np.errstate(all="ignore"):
                found = _value(self._tree, columns)
        except ZeroDivisionError:
            raise FormulaError("it divides by the number 0") from None
        except OverflowError:
            raise FormulaError("a number in it grows larger than 64 bits hold") from None
        return np.broadcast_to(found, (rows,))


def parse(text: str) -> Formula:
    """Reads a formula.

    Raises:
        FormulaError: It is none; the message says what is wrong, as the end of a sentence.
    """
    if len(text) > MOST_CHARACTERS:
        raise FormulaError(f"it has {len(text):,} characters, and {MOST_CHARACTERS:,} are the most")
    quoted: list[str] = []

    def replace(found: re.Match[str]) -> str:
        if found[2] is None:
            return found[0]
        quoted.append(found[2])
        return _PLACEHOLDER.format(len(quoted) - 1)

    try:
        tree = ast.parse(_TOKEN.sub(replace, text).strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        what = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
        raise FormulaError(f"it cannot be read: {what}") from None
    placeholders = {_PLACEHOLDER.format(number): name for number, name in enumerate(quoted)}
    names: dict[str, None] = {}
    _check(tree, placeholders, names, 0)
    if not names:
        raise FormulaError("it names no column")
    return Formula(text, tuple(names), tree)


def _check(tree: ast.expr, quoted: Mapping[str, str], names: dict[str, None], depth: int) -> None:
    """Refuses what is no part of a formula, gives columns their names, and collects these."""
    if depth > _MOST_DEPTH:
        raise FormulaError(f"its parentheses and operators are more than {_MOST_DEPTH} deep")
    below: list[ast.expr]
    if isinstance(tree, ast.Name):
        tree.id = quoted.get(tree.id, tree.id)
        names[tree.id] = None
        below = []
    elif isinstance(tree, ast.Constant):
        _check_constant(tree.value)
        below = []
    elif isinstance(tree, ast.BinOp) and type(tree.op) in _ARITHMETIC:
        below = [tree.left, tree.right]
    elif isinstance(tree, ast.UnaryOp) and not isinstance(tree.op, ast.Invert):
        below = [tree.operand]
    elif isinstance(tree, ast.BoolOp):
        below = tree.values
    elif isinstance(tree, ast.Compare) and all(type(op) in _COMPARISONS for op in tree.ops):
        below = [tree.left, *tree.comparators]
    else:
        raise FormulaError(
            f"'{ast.unparse(tree):.60}' is no part of a formula: there are names of columns (odd "
            "ones in backquotes), numbers, quoted text, + - * / // %, comparisons, and, or, not"
        )
    for part in below:
        _check(part, quoted, names, depth + 1)


def _check_constant(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FormulaError(f"'{value!r:.60}' is neither a number nor quoted text")
    if not isinstance(value, str) and not abs(value) <= _LARGEST:
        raise FormulaError("a number in it is larger than 64 bits hold")


def _value(tree: ast.expr, columns: Mapping[str, np.ndarray]) -> Any:
    """The value of a part of the formula: an array, or one number or text."""
    import numpy as np

    if isinstance(tree, ast.Name):
        return columns[tree.id]
    if isinstance(tree, ast.Constant):
        return tree.value
    if isinstance(tree, ast.BinOp):
        left, right = (
            _counted(_number(_value(part, columns), part)) for part in (tree.left, tree.right)
        )
        result = _ARITHMETIC[type(tree.op)](left, right)
        if isinstance(result, int) and abs(result) > _LARGEST:
            raise OverflowError
        return result
    if isinstance(tree, ast.UnaryOp):
        value = _number(_value(tree.operand, columns), tree.operand)
        if isinstance(tree.op, ast.Not):
            return np.logical_not(value)
        return -_counted(value) if isinstance(tree.op, ast.USub) else _counted(value)
    if isinstance(tree, ast.BoolOp):
        parts = [_number(_value(part, columns), part) for part in tree.values]
        return reduce(np.logical_and if isinstance(tree.op, ast.And) else np.logical_or, parts)
    assert isinstance(tree, ast.Compare), "`_check` lets nothing else pass"
    operands = [tree.left, *tree.comparators]
    values = [_value(part, columns) for part in operands]
    pairs = zip(tree.ops, values, values[1:], operands, operands[1:], strict=False)
    return reduce(np.logical_and, [_compared(*pair) for pair in pairs])


def _compared(operator: ast.cmpop, left: Any, right: Any, of: ast.expr, other: ast.expr) -> Any:
    if _is_text(left) != _is_text(right):
        raise FormulaError(f"'{ast.unparse(of)}' and '{ast.unparse(other)}' are text and a number")
    if not _is_text(left):
        return _COMPARISONS[type(operator)](left, right)
    if not isinstance(operator, _OF_TEXT):
        raise FormulaError(f"'{ast.unparse(of)}' is text, of which only == and != are known")
    import numpy as np

    # As objects: an array of fixed width and one text may not be compared.
    same = np.asarray(left, dtype=object) == np.asarray(right, dtype=object)
    return same if isinstance(operator, ast.Eq) else np.logical_not(same)


def _number(value: Any, of: ast.expr) -> Any:
    if _is_text(value):
        raise FormulaError(f"'{ast.unparse(of)}' is text, and a number is needed there")
    return value


def _counted(value: Any) -> Any:
    """Booleans as 0 and 1, which NumPy adds and negates as numbers alone.

    A number of the formula stays Python's own, so that NumPy keeps to the columns' precision.
    """
    import numpy as np

    return value + 0 if isinstance(value, bool | np.bool_ | np.ndarray) else value


def _is_text(value: Any) -> bool:
    dtype = getattr(value, "dtype", None)
    return isinstance(value, str) or (dtype is not None and dtype.kind in "OUS")
