"""Names and values as Python and YAML have them."""

from __future__ import annotations

import ast

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scaffold.writing import python_text

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=150)


@given(TEXTS)
def test_a_literal_is_the_text(text: str) -> None:
    assert ast.literal_eval(python_text.literal(text)) == text


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_a_tuple_has_the_texts(texts: list[str]) -> None:
    found: dict[str, object] = {}
    exec(python_text.assignment("NAMES", texts), found)
    assert found["NAMES"] == tuple(texts)


@given(st.dictionaries(TEXTS, st.lists(TEXTS, min_size=1, max_size=4).map(tuple), min_size=1))
def test_a_mapping_has_the_texts(values: dict[str, tuple[str, ...]]) -> None:
    found: dict[str, object] = {}
    exec(python_text.mapping("DATES", values), found)
    assert found["DATES"] == values


def test_names_that_are_counted_are_counted_in_the_code_too() -> None:
    names = tuple(f"pixel{n}" for n in range(1, 785))
    text = python_text.mapping("VECTORS", {"pixel": names})
    assert len(text.splitlines()) == 3 and "range(1, 785)" in text
    found: dict[str, object] = {}
    exec(text, found)
    assert found["VECTORS"] == {"pixel": names}


@pytest.mark.parametrize("text", ["größe", "a b", "x", "日本"])
def test_what_can_be_read_stays_readable(text: str) -> None:
    assert python_text.literal(text) == f'"{text}"'


@given(TEXTS)
def test_words_are_one_short_line_without_quotes(text: str) -> None:
    found = python_text.words(text)
    assert 0 < len(found) <= 40 and found.isprintable() and not set(found) & set('"\\')


@given(TEXTS | st.sampled_from(["yes", "No", "null", "1", "1.5", "~", "2024-01-01", "a: b", "#x"]))
def test_yaml_reads_the_text_back(text: str) -> None:
    assert yaml.safe_load(f"key: {python_text.scalar(text)}") == {"key": text}
    assert yaml.safe_load(f"key: {python_text.flow([text, 'b'])}") == {"key": [text, "b"]}
