"""YAML is read more strictly than YAML asks, and every mistake in it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.common.errors import ConfigError
from pipeline.config import yaml_file
from pipeline.config.loading import load
from tests.models.common.files.test_regular_file import STRANGE
from tests.pipeline.config_files import GOOD, message, write

BAD_FILES = {
    "an empty file": ("", "models/m/config.yaml holds no keys"),
    "only comments": ("# data: {}\n", "Received: nothing. Expected: a mapping"),
    "a list": ("- data", "Received: a list. Expected: a mapping"),
    "a word": ("data", "Received: a value. Expected: a mapping"),
    "not YAML": (
        GOOD + "beam: {args: [",
        "config.yaml:7: not valid YAML: while parsing a flow node, expected the node content",
    ),
    "a tab": (GOOD + "splits:\n\ttrain: 8", "config.yaml:8: not valid YAML: while scanning"),
    "two documents": (GOOD + "---\nbeam: {}", "config.yaml:7: not valid YAML: expected a single"),
    "another encoding": (b"label: \xff\n", "models/m/config.yaml is not UTF-8 text"),
    "a binary file": ("data: \x00", "config.yaml has a character that YAML forbids"),
    "a loop": (GOOD + "beam: &here {args: [*here]}", "config.yaml is nested too deeply"),
    "aliases of aliases": (
        GOOD
        + "".join(
            f"x{n + 1}: &x{n + 1} [{', '.join([f'*x{n}'] * 9)}]\n" for n in range(20)
        ).replace("*x0", "1"),
        "there are more than 50,000 values",
    ),
    "merges of merges": (
        GOOD
        + "y0: &y0 {a: 1}\n"
        + "".join(f"y{n + 1}: &y{n + 1} {{k{n}: [*y{n}, *y{n}]}}\n" for n in range(40)),
        "there are more than 50,000 values",
    ),
    "as large as data": (GOOD + "# " + "x" * 2**20, "Received: it has 1,048,"),
    "very deep": ("a: " + "[" * 20_000, "config.yaml is nested too deeply"),
    "a tag": (GOOD + "beam: !!python/name:os.system x", "'beam' has the tag !!python/name:os.syst"),
    "a tag that lies": (GOOD + "beam: !!int x", "config.yaml is not valid YAML"),
    "a key that is a fraction": (GOOD + "1.5: x", "config.yaml:7: the key 1.5 is not text"),
    "a key that is written oddly": (GOOD + "0x1: x", "config.yaml:7: the key 0x1 is not text"),
    "a number twice": (GOOD + '1: x\n"1": x', "config.yaml:8: the key '1' stands twice"),
    "a key that is a boolean": (GOOD + "on: x", "config.yaml:7: the key on is not text"),
    "a key that is a list": (GOOD + "? [a]\n: x", "config.yaml:7: a list stands where a key"),
    "a key twice": (
        GOOD + "splits: {train: 3, eval: 1, train: 4}",
        "config.yaml:7: the key 'splits.train' stands twice\nIt was first set in line 7.",
    ),
    "nothing required is there": (
        "splits: {train: 3}",
        "models/m/config.yaml has 3 problems\n"
        "models/m/config.yaml: data: missing, but required. Where the examples are",
    ),
    "a required key is missing": (
        GOOD.replace("path", "format"),
        "config.yaml:1: data.path: missing, but required. A file, a folder or a glob",
    ),
}


@pytest.mark.parametrize(("text", "expected"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file(root: Path, text: str | bytes, expected: str) -> None:
    write(root, text)
    assert expected in message(root)


@pytest.mark.parametrize(
    "text", ["\ufeff" + GOOD, GOOD + "splits:\n  # train: 8\n", GOOD + "beam:"]
)
def test_a_byte_order_mark_and_an_empty_section_are_fine(root: Path, text: str) -> None:
    write(root, text)
    assert load("m", root=root).splits.train == 8


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from("ab:-[]{}#&*!?|>%@`'\" \n\t,0.~=<é\x00"), max_size=40))
def test_any_text_raises_nothing_but_config_errors(root: Path, text: str) -> None:
    write(root, text)
    with pytest.raises(ConfigError):
        load("m", root=root)


def test_a_key_may_be_a_whole_number_without_quotes() -> None:
    tree, _ = yaml_file.parse("class_weights: {0: 1, 1: 10, -1: 2}", "config.yaml")
    assert tree == {"class_weights": {"0": 1, "1": 10, "-1": 2}}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("what", STRANGE)
def test_what_is_no_file_is_told(what: str, tmp_path: Path) -> None:
    if what == "a socket":
        pytest.skip("its path is too long here; test_regular_file.py has it")
    make, told = STRANGE[what]
    path = tmp_path / "config.yaml"
    make(path)
    with pytest.raises(ConfigError) as caught:
        yaml_file.read(path, "config.yaml")
    expected = "config.yaml holds no keys" if what == "a large file" else "config.yaml cannot be"
    assert expected in caught.value.headline or "forbids" in caught.value.headline
    assert what == "a large file" or told in caught.value.detail
