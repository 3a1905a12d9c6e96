"""Mistakes in a settings file are told by file, key and what was received."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from serving.core.errors import ServingError
from serving.request_log import settings


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("sampel: 0.1", "sampel: there is no such key; did you mean 'sample'?"),
        ("sample: 2", "sample: input should be less than or equal to 1. Received: 2"),
        ("models: {taxi: {redcat: [a]}}", "models.taxi.redcat: there is no such key; did you mean"),
        ("version: 2", "version: input should be 1. Received: 2"),
        ("durability: usually", "durability: input should be 'process' or 'power'"),
        ("a: [", "cannot be read"),
        ("sample: 2026-99-99", "cannot be read"),
        ("redact: " + "[" * 5000, "cannot be read"),
        (
            "x0: &x0 [1]\n" + "".join(f"x{n + 1}: &x{n + 1} [*x{n}, *x{n}]\n" for n in range(40)),
            "more than 500,000 values",
        ),
        ("sample: " + "x" * 1000, "Received: 'xxx"),
        ("- a", "the file: input should be a valid dictionary"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / settings.FILE).write_text(content)
    with pytest.raises(ServingError) as caught:
        settings.read(tmp_path)
    assert said in str(caught.value)
    assert str(tmp_path / settings.FILE) in str(caught.value)


@pytest.mark.timeout(10)
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / settings.FILE)
    with pytest.raises(ServingError, match="cannot be read"):
        settings.read(tmp_path)


@pytest.mark.parametrize("content", [None, "", "# all as it is"])
def test_without_content_the_defaults_hold(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / settings.FILE).write_text(content)
    assert settings.read(tmp_path) == settings.LogSettings()


def test_a_models_own_settings_come_first(tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_text(
        "sample: 0.5\nredact: [a]\nmodels: {taxi: {sample: 0, redact: [b]}}"
    )
    read = settings.read(tmp_path)
    assert (read.sample_of("taxi"), read.sample_of("other")) == (0, 0.5)
    assert (read.redact_of("taxi"), read.redact_of("other")) == (frozenset("ab"), frozenset("a"))
