"""A look in the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from monitoring.look.look import Look
from monitoring.report.table import print_look
from tests.monitoring import sample_looks


def printed(look: Look, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_look(look, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("verdict", ["alarm", "nothing", "too early"])
def test_it_fits(width: int, verdict: str) -> None:
    text = printed(sample_looks.look(4, verdict), width)
    assert max(map(len, text.splitlines())) <= width
    assert text.startswith({"alarm": "Alarm: ", "nothing": "Nothing differs: "}.get(
        verdict, "Too early: "
    ))  # fmt: skip


def test_what_differs_is_listed_and_the_rest_counted() -> None:
    look = sample_looks.look(4, "alarm")
    narrow = printed(look, 80)
    assert narrow.count("alarm  ") == sum(one.verdict == "differs" for one in look.findings)
    same = sum(one.verdict == "same" for one in look.findings)
    assert f"{same} comparisons the same." in narrow
    wide = printed(look, 200)
    assert "Matters from" in wide and "Matters from" not in narrow
    assert "unseen values" in wide and "share 2.1 %" in wide and "< 0.001" in wide


def test_where_rows_are_too_few_it_says_how_many_are_needed() -> None:
    assert "too early (needing up to 400 rows)" in printed(sample_looks.look(1, "too early"), 80)


def test_of_very_many_that_differ_the_first_are_listed() -> None:
    look = sample_looks.look(4, "alarm", features=[f"f{n}" for n in range(80)])
    every = tuple(one.model_copy(update={"verdict": "differs"}) for one in look.findings)
    text = printed(look.model_copy(update={"findings": every}), 80)
    assert f"{len(every) - 40} more comparisons that differ." in text


@pytest.mark.parametrize("name", ["[red]x[/]", "a\x1b[2Jb", "سعر", "👩‍👩‍👧" * 30, "x" * 500, ""])
def test_odd_names_fit_and_do_nothing_to_the_terminal(name: str) -> None:
    look = sample_looks.look(4, "alarm", features=(name, "payment_type"))
    every = tuple(one.model_copy(update={"verdict": "differs"}) for one in look.findings)
    text = printed(look.model_copy(update={"findings": every, "headline": name}), 80)
    assert "\x1b" not in text
    if name.startswith("["):
        assert "[red]x[/]" in text  # It is text, not a style.


def test_without_findings_the_facts_are_there() -> None:
    text = printed(sample_looks.look(1, "too early", findings=[], rows=1, sampled=0.1), 80)
    assert "1 row in" in text and "10.0 % of requests are logged" in text.replace("\n", " ")
