"""Names and values as Python and YAML have them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scaffold.writing import python_text
from tests.helpers.paths import ROOT

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


def test_the_linter_takes_long_texts_of_every_kind(tmp_path: Path) -> None:
    address = "https://example.com/"
    texts = [
        "a" * 120, "a " * 60, address + "a" * 90, f"see {address}" + "a" * 90,
        "a " * 55 + address, "\u65e5" * 45, "\u65e5" * 46, "\u65e5 " * 40, "\u65e5" * 60,
        *("x" * n for n in range(88, 96)), *("x " * n for n in range(42, 49)), "\u00fc " * 47,
    ]  # fmt: skip
    lines = [python_text.assignment("NAMES", texts), python_text.mapping("DATES", {"x": texts})]
    lines += [python_text.assignment(f"ONE_{n}", [text]) for n, text in enumerate(texts)]
    lines += [python_text.constant(f"TEXT_{n}", text) for n, text in enumerate(texts)]
    file = tmp_path / "features.py"
    file.write_text('"""Names."""\n\n' + "\n".join(lines) + "\n", encoding="utf-8")
    config = ("--config", str(ROOT / "pyproject.toml"), str(file))
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, *config]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


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
