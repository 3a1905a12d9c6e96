"""What is printed of a table fits the terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.scaffold import listing
from tests.pipeline.scaffold import tables


def printed(folder: Path, width: int, terminal: bool) -> list[str]:
    columns = tables.mixed()
    columns["a very long name of a column that nobody would type"] = columns["rooms"]
    columns["line\nbreak"] = columns["colour"]
    found = tables.proposal(folder, columns, "dear")
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, color_system=None)
    console.print(listing.columns(found, console))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 120, 200])
def test_each_column_has_one_line_in_the_terminals_width(tmp_path: Path, width: int) -> None:
    lines = printed(tmp_path, width, terminal=True)
    assert len(lines) == 1 + len(tables.mixed()) + 2
    assert max(map(len, lines)) <= width
    assert lines[0].split() == ["Column", "Taken", "as", "Missing", "Example", "Why"]
    [size] = [line for line in lines if line.startswith("size (cm)")]
    assert "number" in size and "6.0 %" in size
    [country] = [line for line in lines if line.startswith("country")]
    assert "constant" in country


def test_an_array_has_one_line(tmp_path: Path) -> None:
    columns = {f"pixel{n}": [n, 2, 3] * 20 for n in range(20)}
    found = tables.proposal(tmp_path, {**columns, "y": [0, 1] * 30}, "y")
    out = io.StringIO()
    console = Console(file=out, width=100)
    console.print(listing.columns(found, console))
    assert len(out.getvalue().splitlines()) == 3
    assert "one of 20 numbers, pixel0 to pixel19" in out.getvalue()


def test_the_notes_say_what_was_left_out_and_what_else_can_be_said(tmp_path: Path) -> None:
    columns = {**tables.mixed(), "user": [f"u{n % 60}" for n in range(tables.ROWS)]}
    text = "\n".join(listing.notes(tables.proposal(tmp_path, columns, "dear")))
    assert "200 rows, 10 columns." in text
    assert "  number of row: identifier; counts the rows" in text
    assert "--set 'user=category'" in text
    assert "Task: binary of dear (high, low); text with 2 values." in text
    assert "Splits: by 'user'; 60 of 'user' have several rows each." in text
    assert "--set splits.time=day, --set splits=rows" in text
    assert "To beat, on held-out rows: AUC: a linear model 0." in text
