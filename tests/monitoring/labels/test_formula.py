"""Formulas of labels: what they give, and what is refused."""

from __future__ import annotations

import ast
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.labels.formula import MOST_CHARACTERS, FormulaError, parse
from tests.helpers.paths import ROOT

COLUMNS = {
    "tips": np.array([2.0, 2.5, 0.0], np.float32),
    "fare": np.array([10.0, 10.0, 4.0], np.float32),
    "count": np.array([1, 2, 3]),
    "total price": np.array(["low", "high", "low"], dtype=object),
    "it's": np.array([0, 1, 0]),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tips > 0.2 * fare", [False, True, False]),
        ("`total price` == 'low' and not count > 1", [True, False, False]),
        ('`total price` != "low" or count == 3', [False, True, True]),
        ("1 < count <= 2", [False, True, False]),
        ("(tips > 1) + (fare > 4) - 1", [1, 1, -1]),
        ("-tips / 2 < -1", [False, True, False]),
        ("count // 2 * 10 + count % 2", [1, 10, 11]),
        ("`it's`", [0, 1, 0]),
        ("'a `quoted` text' == `total price`", [False, False, False]),
        ("tips / 0 > 1", [True, True, False]),
        ("not count - 1", [True, False, False]),
        ("+(count > 1)", [0, 1, 1]),
    ],
)
def test_what_a_formula_gives(text: str, expected: list[Any]) -> None:
    read = parse(text)
    assert read.values(COLUMNS).tolist() == expected
    assert set(read.columns) <= set(COLUMNS) and read.text == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it cannot be read"),
        ("tips >", "it cannot be read"),
        ("tips > '", "it cannot be read"),
        ("`tips > 1", "it cannot be read"),
        ("tips\0", "it cannot be read"),
        ("(" * 300 + "tips" + ")" * 300, "it cannot be read"),
        ("-" * 300 + "tips", "deep"),
        ("tips" + " + 1" * MOST_CHARACTERS, "characters"),
        ("1 > 0", "names no column"),
        ("len(tips) > 1", "'len(tips)' is no part of a formula"),
        ("tips.real", "'tips.real' is no part"),
        ("tips[0]", "no part"),
        ("__import__('os')", "no part"),
        ("[tips for tips in fare]", "no part"),
        ("tips if fare else 0", "no part"),
        ("lambda: tips", "no part"),
        ("f'{tips}' == 'a'", "no part"),
        ("tips ** 9", "no part"),
        ("~count", "no part"),
        ("tips is 0", "no part"),
        ("tips in fare", "no part"),
        ("tips == True", "neither a number nor quoted text"),
        ("tips == None", "neither a number nor quoted text"),
        ("tips == b'a'", "neither a number nor quoted text"),
        ("tips > 1j", "neither a number nor quoted text"),
        ("tips > 1e999", "larger than 64 bits"),
        ("count > 99999999999999999999", "larger than 64 bits"),
    ],
)
def test_what_is_no_formula(text: str, why: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tip > 1", "there is no column 'tip'"),
        ("`total price` > 'a'", "only == and !="),
        ("`total price` > 1", "are text and a number"),
        ("`total price` + 1 > 1", "a number is needed"),
        ("not `total price`", "a number is needed"),
        ("`total price` and tips", "a number is needed"),
        ("tips > 1 / 0", "divides by the number 0"),
        ("count + 9223372036854775807 * 2 > 1", "64 bits"),
    ],
)
def test_what_does_not_fit_the_columns(text: str, why: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text).values(COLUMNS)
    assert why in str(caught.value)


def test_single_precision_stays_single() -> None:
    """As preprocessing computes it: in double, 0.2 * 12.35 rounds to another number."""
    fare = np.array([12.35], np.float32)
    assert parse("0.2 * fare").values({"fare": fare}).dtype == np.float32


def test_a_missing_number_passes_no_comparison() -> None:
    columns = {"x": np.array([np.nan, 1.0])}
    assert parse("x > 0").values(columns).tolist() == [False, True]
    assert parse("x != 0").values(columns).tolist() == [True, True]


NUMBERS = st.integers(-5, 5).map(str)
FORMULAS = st.recursive(
    st.sampled_from(["a", "b"]) | NUMBERS,
    lambda inner: (
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["+", "-", "*", "<", "<=", ">", ">=", "==", "!=", "and", "or"]),
            inner,
        )
        | st.builds("({}{})".format, st.sampled_from(["-", "not "]), inner)
    ),
    max_leaves=8,
)


@given(FORMULAS, st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1))
def test_a_formula_means_what_python_means(text: str, rows: list[tuple[int, int]]) -> None:
    if not {"a", "b"} & {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}:
        with pytest.raises(FormulaError):
            parse(text)
        return
    columns = {"a": np.array([a for a, _ in rows]), "b": np.array([b for _, b in rows])}
    found = parse(text).values(columns).tolist()
    # Python's `and` and `or` give an operand, NumPy's whether it holds.
    shown = ast.unparse(_Truth().visit(ast.parse(text, mode="eval")))
    expected = [eval(shown, {"truth": operator.truth, "a": a, "b": b}) for a, b in rows]
    assert found == expected


class _Truth(ast.NodeTransformer):
    """Has `and` and `or` give True or False."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        name = ast.Name("truth", ast.Load())
        return ast.Call(name, [node], [])


def test_the_pipeline_has_the_same_formulas() -> None:
    one, other = (
        ROOT / folder / "formula.py" for folder in ("monitoring/labels", "components/profile")
    )
    assert one.read_text() == other.read_text()
