"""Questions on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.scaffold import questions


def answers(monkeypatch: pytest.MonkeyPatch, *typed: str) -> str:
    left: Iterator[str] = iter(typed)

    def read(_: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", read)
    return questions.ask("What?", "group", ["category", "identifier"])


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (("category",), "category"),
        (("",), "group"),
        (("cat",), "category"),
        ((" identifier ",), "identifier"),
        (("nonsense", "ident"), "identifier"),
        ((), "group"),
    ],
)
def test_answers(monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], answer: str) -> None:
    assert answers(monkeypatch, *typed) == answer


def test_what_is_no_answer_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, "categroy", "category")
    assert "'categroy' is none of them; did you mean 'category'?" in capsys.readouterr().out
