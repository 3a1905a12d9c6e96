"""Formulas of labels."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.labels.formula import Formula

COLUMNS = {
    "tips": np.array([1.0, 0.0, np.nan, 5.0]),
    "fare": np.array([2.0, 3.0, 4.0, 5.0]),
    "payment": np.array(["Cash", None, "Card", "Cash"], dtype=object),
    "was late": np.array([True, False, True, True]),
    "nothing": np.array([None, None, None, None], dtype=object),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tips > 0.2 * fare", [True, False, False, True]),
        ("  1 < fare <= 4", [True, True, True, False]),
        ("payment in ('Cash', \"Card\")", [True, False, True, True]),
        ("payment not in ['Cash']", [False, True, True, False]),
        ("payment == ''", [False, True, False, False]),
        ("not `was late`", [False, True, False, False]),
        ("`was late` + 1", [2, 1, 2, 2]),
        ("tips == 0", [False, True, True, False]),
        ("nothing == 0 and fare > 3 or tips >= 5", [False, False, True, True]),
        ("-fare ** 2", [-4, -9, -16, -25]),
        ("fare // 2 % 2", [1, 1, 0, 0]),
        ("fare / tips > 1", [True, True, True, False]),
        ("payment == '`Cash`'", [False] * 4),
    ],
)
def test_evaluates_rows(text: str, expected: list[object]) -> None:
    assert Formula(text).evaluate(COLUMNS).tolist() == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not an expression"),
        ("tips >", "not an expression"),
        ("len(tips)", "position 1: 'len(tips)' cannot be used"),
        ("1 + `was late`.x", "position 5: '`was late`.x' cannot be used"),
        ("fare[0]", "cannot be used"),
        ("lambda: fare", "cannot be used"),
        ("f'{fare}'", "cannot be used"),
        ("fare if tips else 1", "cannot be used"),
        ("[fare for fare in tips]", "cannot be used"),
        ("(fare := 1)", "cannot be used"),
        ("fare is 1", "position 9: `is` cannot be used"),
        ("fare in tips", "`in` needs a list"),
        ("fare > None", "'None' cannot be used"),
        ("fare > 1j", "cannot be used"),
        ("fare @ tips", "cannot be used"),
        ("~fare", "cannot be used"),
        ("1 < 2", "names no column"),
        ("`was late", "position 1: this backquote has no other"),
        ("` ` > 1", "no name between the backquotes"),
        ("ᚠ > 1", "cannot be used"),
        ("fare\n> 1", "not an expression"),
        ("fare > 1\0", "cannot be read|not an expression"),
        ("(" * 300 + "fare" + ")" * 300, "not an expression|nested too deeply"),
        ("-" * 9_000 + "fare", "nested too deeply|not an expression|cannot be read"),
        ("fare" * 3_000, "at most 10000"),
    ],
)
def test_refuses_what_is_no_formula(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("(", r"\(").replace(")", r"\)")):
        Formula(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("company == 'A'", "needs the column 'company'; there are: 'tips', 'fare'"),
        ("fare > 1 and payment == 1", "position 25: text is compared with a number"),
        ("payment + 'x' == 'y'", "position 1: a number is needed"),
        ("not payment", "position 5: a number is needed"),
        (f"fare < {'9' * 400}", "position 8: the number is too large"),
    ],
)
def test_says_where_a_value_does_not_fit(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Formula(text).evaluate(COLUMNS)


def test_names_columns_once_in_their_order() -> None:
    assert Formula("`a b` > c + `a b` and d == 'e'").names == ("a b", "c", "d")


@given(st.text(st.sampled_from("ab01 .'\"`()<>=!+-*/%,[]:andornotin"), max_size=40))
def test_reads_any_text_or_says_why_not(text: str) -> None:
    try:
        formula = Formula(text)
        result = formula.evaluate(dict.fromkeys(formula.names, COLUMNS["fare"]))
    except ValueError:
        return
    assert result.shape == (4,)


@given(st.integers(-9, 9), st.integers(-9, 9), st.sampled_from(["+", "-", "*", "<", ">=", "=="]))
def test_counts_as_python_does(a: int, b: int, sign: str) -> None:
    formula = Formula(f"x {sign} {b}")
    (value,) = formula.evaluate({"x": np.array([a])})
    literal = ast.parse(f"{a} {sign} {b}", mode="eval")
    assert value == eval(compile(literal, "literal", "eval"))
