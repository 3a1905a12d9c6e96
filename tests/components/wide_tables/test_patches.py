"""What is replaced is there before, and back afterwards."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from components.wide_tables.patches import replaced


def test_it_is_back_afterwards_even_after_an_error() -> None:
    module = SimpleNamespace(name="theirs")
    with pytest.raises(ZeroDivisionError), replaced(module, "name", "ours"):
        assert module.name == "ours"
        raise ZeroDivisionError
    assert module.name == "theirs"


def test_a_name_that_is_gone_is_told() -> None:
    module = SimpleNamespace(__name__="their.module")
    with (
        pytest.raises(AttributeError, match=r"their\.module has no 'name', which the project"),
        replaced(module, "name", "ours"),
    ):
        pass
    assert not hasattr(module, "name")
