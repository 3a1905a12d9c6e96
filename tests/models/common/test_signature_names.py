"""Safe names for a signature's inputs."""

from __future__ import annotations

import inspect
import keyword
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = st.text(max_size=8) | st.sampled_from(
    [*keyword.kwlist, "self", "kwargs", "A", "a", "x y", "x:y", "x_y", "input_class", "CLASS"]
)

pytestmark = pytest.mark.tfx


@settings(max_examples=200, deadline=None)
@given(st.sets(NAMES))
def test_safe_names_are_arguments_and_differ(names: set[str]) -> None:
    from models.common.signature_names import safe_names

    safe = safe_names(names)
    assert set(safe) == names
    assert len({name.lower() for name in safe.values()}) == len(names)
    for name in safe.values():
        assert re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) and name not in ("self", "kwargs")
        # Before Python 3.11 this takes keywords as well.
        assert (
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) and name not in keyword.kwlist
        )


def test_plain_names_stay() -> None:
    from models.common.signature_names import safe_names

    names = ["fare", "trip_miles", "Area2", "input_x", "x", "inputs", "features", "name"]
    assert safe_names([*names, "x "]) == {name: name for name in names} | {"x ": "input_x_"}


def test_one_of_two_that_differ_in_case_stays() -> None:
    from models.common.signature_names import safe_names

    assert safe_names(["a", "A"]) == {"A": "A", "a": "a_2"}


def test_names_of_any_length() -> None:
    from models.common.signature_names import safe_names

    safe = safe_names(["x" * 500, "x" * 499 + "y"])
    assert all(len(name) < 150 for name in safe.values()) and len(set(safe.values())) == 2
