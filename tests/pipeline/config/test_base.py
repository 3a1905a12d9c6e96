"""What every section of a configuration file keeps to."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from pipeline.config.base import MISTAKE, Bound, Count, Section, Text, refuse


class Example(Section):
    """A section."""

    name: Text = "x"
    """What it is called."""
    count: Count = 1
    """How many."""
    bound: Bound = 0.5
    """How much."""

    @pydantic.field_validator("name")
    @classmethod
    def _is_not_forbidden(cls, name: str) -> str:
        if name == "forbidden":
            refuse("expected another name", "deeper", received=name, known=["x"])
        return name


@pytest.mark.parametrize(
    ("tree", "key"),
    [
        ({"name": ""}, "name"),
        ({"name": 3}, "name"),
        ({"count": 0}, "count"),
        ({"count": True}, "count"),
        ({"count": 1.5}, "count"),
        ({"bound": False}, "bound"),
        ({"bound": float("nan")}, "bound"),
        ({"bound": float("inf")}, "bound"),
        ({"nmae": "x"}, "nmae"),
    ],
)
def test_what_a_section_does_not_take(tree: dict[str, Any], key: str) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Example.model_validate(tree)
    [error] = caught.value.errors()
    assert error["loc"] == (key,)


def test_an_empty_section_has_its_defaults() -> None:
    assert Example.model_validate(None) == Example()


def test_a_section_does_not_change_once_it_is_read() -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        Example().name = "y"


def test_a_refusal_says_where_and_what_is_known() -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Example(name="forbidden")
    [error] = caught.value.errors()
    assert (error["type"], error["msg"]) == (MISTAKE, "expected another name")
    assert error["ctx"]["at"] == ("deeper",)
    assert (error["ctx"]["received"], error["ctx"]["known"]) == ("forbidden", ["x"])


def test_the_text_under_a_key_describes_it() -> None:
    assert Example.model_fields["count"].description == "How many."
