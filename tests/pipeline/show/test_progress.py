"""What a run looks like while it goes."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from rich.console import Console

from pipeline.record import run_record
from pipeline.show import progress, terminal
from pipeline.show.progress import LiveView, PlainView
from tests.pipeline.fake_run import finished, queued


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
    shown = progress.for_run(record, console)
    assert isinstance(shown, PlainView)
    with shown:
        first, second = record.nodes[:2]
        first.status = "running"
        shown.update(record)  # It may yet come from the cache.
        first.why = "data/taxi/trips.csv changed"
        shown.update(record)
        shown.update(record)
        first.status, first.seconds = "done", 14.2
        second.status = "cached"
        shown.update(record)
        record.nodes[2].status, record.nodes[2].seconds = "failed", 65.0
        shown.update(record)
        record.nodes[3].status, record.nodes[3].seconds = "done", 0.1
        record.nodes[3].why = "models/taxi/schema.pbtxt changed"
        shown.update(record)
    lines = capsys.readouterr().out.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d  \S", line) for line in lines)
    assert [line[10:] for line in lines[2:]] == [
        "ExampleGen          started: data/taxi/trips.csv changed",
        "ExampleGen          done in 14.2 s",
        "StatisticsGen       cached",
        "SchemaGen           failed after 1 min 05 s",
        "FrozenSchema        done in 0.1 s: models/taxi/schema.pbtxt changed",
    ]


@pytest.mark.parametrize("width", [80, 100, 200])
def test_why_a_node_runs_stands_in_the_place_of_what_it_is_for(width: int) -> None:
    record = finished()
    record.node("Transform").why = "models/taxi/preprocessing.py changed"
    record.node("Trainer").why = "new transform graph from Transform, training.epochs 10 -> 3"
    record.node("Evaluator").why = run_record.FIRST_RUN
    console = screen(width, 24)
    lines = {line.split()[1]: line for line in frame(LiveView(record, console), console)[3:16]}
    assert "models/taxi/preprocessing.py changed   " in lines["Transform"]
    assert ("training.epochs 10 -> 3   " if width > 80 else "Transform, trai…  ") in lines[
        "Trainer"
    ]
    assert "judges the model on the test split" in lines["Evaluator"]
    assert lines["Trainer"].rstrip().endswith("26.2 s")
    assert len({len(line) for line in lines.values()}) == 1


def test_what_was_to_run_whatever_the_cache_has_is_in_the_header() -> None:
    console = screen(80, 24)
    record = queued()
    record.no_cache = ["Trainer"]
    assert "--no-cache Trainer" in "\n".join(frame(LiveView(record, console), console))
    record.no_cache = [node.name for node in record.nodes]
    assert "--no-cache\n" in "\n".join(map(str.rstrip, frame(LiveView(record, console), console)))


def test_a_pusher_without_a_blessing_does_not_look_as_if_it_had_pushed() -> None:
    console = screen(80, 24)
    lines = frame(LiveView(finished("not_blessed"), console), console)
    (line,) = (line for line in lines if "Pusher" in line)
    assert line.rstrip().endswith("not pushed")
