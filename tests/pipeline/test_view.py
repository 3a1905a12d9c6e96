"""What a run looks like while it goes."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from fake_run import finished, queued
from rich.console import Console

from pipeline import run_record, terminal, view
from pipeline.view import LiveView, PlainView


def screen(width: int, height: int, encoding: str = "utf-8") -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return Console(
        file=file, force_terminal=True, color_system=None, width=width, height=height, markup=False
    )


def frame(live: LiveView, console: Console) -> list[str]:
    with console.capture() as captured:
        console.print(live._frame())
    return captured.get().splitlines()


def running(number: int) -> run_record.RunRecord:
    record = queued()
    for node in record.nodes[:number]:
        node.status, node.seconds = "done", 14.2
    record.nodes[number].status = "running"
    record.nodes[number].started = run_record.now() - timedelta(seconds=65)
    return record


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("height", [6, 9, 12, 16, 18, 24, 40])
@pytest.mark.parametrize("number", [0, 6, 12])
def test_a_frame_fits_the_terminal_and_shows_the_running_node(
    width: int, height: int, number: int
) -> None:
    console = screen(width, height)
    record = running(number)
    lines = frame(LiveView(record, console), console)
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    assert any(record.nodes[number].name in line and "1 min 05 s" in line for line in lines)


def test_before_the_first_node_it_says_what_takes_so_long() -> None:
    console = screen(80, 24)
    lines = frame(LiveView(queued(), console), console)
    assert "starting: loading TensorFlow and TFX · 0 s" in lines[-1]


def test_durations_stand_under_one_another() -> None:
    console = screen(80, 24)
    record = finished("failed")
    ends = {
        len(line.rstrip())
        for line in frame(LiveView(record, console), console)
        if re.search(r"( s|cached|failed)\s*$", line) and "nodes" not in line
    }
    assert len(ends) == 1


def test_low_terminals_fold_what_is_far_from_the_running_node() -> None:
    console = screen(80, 9)
    lines = frame(LiveView(running(6), console), console)
    assert lines[0].strip() == "4 more above"
    assert any(line.strip().endswith("more below") for line in lines)


def test_a_terminal_without_unicode_gets_plain_signs() -> None:
    console = screen(80, 24, encoding="latin-1")
    text = "\n".join(frame(LiveView(running(3), console), console))
    assert text.isascii()
    assert "+  ExampleGen" in text


def test_the_live_view_leaves_the_whole_list_behind() -> None:
    console = screen(80, 9)
    with LiveView(queued(), console) as live:
        live.update(finished())
    console.file.flush()
    text = console.file.buffer.getvalue().decode()  # type: ignore[attr-defined]
    left = text.rpartition("\x1b[2K")[2]
    assert "ExampleGen" in left and "Pusher" in left
    assert "\x1b[?25h" in text  # The cursor is back.


def test_plain_output_has_one_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    record = queued()
    console = terminal.console()
    shown = view.for_run(record, console)
    assert isinstance(shown, PlainView)
    with shown:
        first, second = record.nodes[:2]
        first.status = "running"
        shown.update(record)
        shown.update(record)
        first.status, first.seconds = "done", 14.2
        second.status = "cached"
        shown.update(record)
        record.nodes[2].status, record.nodes[2].seconds = "failed", 65.0
        shown.update(record)
    lines = capsys.readouterr().out.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d  \S", line) for line in lines)
    assert [line[10:] for line in lines[2:]] == [
        "ExampleGen          started",
        "ExampleGen          done in 14.2 s",
        "StatisticsGen       cached",
        "SchemaGen           failed after 1 min 05 s",
    ]


def test_a_pusher_without_a_blessing_does_not_look_as_if_it_had_pushed() -> None:
    console = screen(80, 24)
    lines = frame(LiveView(finished("refused"), console), console)
    (line,) = (line for line in lines if "Pusher" in line)
    assert line.rstrip().endswith("not pushed")
