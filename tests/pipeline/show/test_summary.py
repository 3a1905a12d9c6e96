"""What a run says at its end, on a terminal and in a file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.record import run_record
from pipeline.record.run_record import Anomaly, Refusal, RunRecord, SliceMetric
from pipeline.show import terminal
from pipeline.show.summary import summary
from tests.pipeline.fake_run import finished, queued, tell


def on_terminal(record: RunRecord, width: int = 80, runs: Path = Path("/runs")) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    console = Console(
        file=file, force_terminal=True, color_system=None, width=width, height=24, markup=False
    )
    with console.capture() as captured:
        terminal.show(console, summary(record, console, runs))
    return captured.get()


def in_file(record: RunRecord, capsys: pytest.CaptureFixture[str]) -> str:
    console = terminal.console()
    terminal.show(console, summary(record, console, Path("/runs")))
    return capsys.readouterr().out


def line_with(text: str, *words: str) -> str:
    return next(line for line in text.splitlines() if all(word in line for word in words))


STORIES = ["pushed", "not_blessed", "stopped", "failed", "interrupted"]


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(story: str, width: int) -> None:
    text = on_terminal(finished(story), width)
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("story", ["pushed", "not_blessed"])
@pytest.mark.parametrize("width", [60, 72, 80, 100, 140])
@pytest.mark.parametrize("count", [2, 9])
def test_long_names_and_many_metrics_lose_nothing(story: str, width: int, count: int) -> None:
    record = finished(story)
    names = [f"SparseCategoricalCrossentropy{number}" for number in range(count)]
    slices = ["overall", "payment_type=Credit Card", f"payment_type={'x' * 40}"]
    record.metrics = [
        SliceMetric(
            metric=name, slice=one, value=0.1 + number / 1000 + place / 100, at_least=0.75,
            baseline=0.12, yardstick=0.5,
        )
        for number, name in enumerate(names)
        for place, one in enumerate(slices)
    ]  # fmt: skip
    record.refusals = [
        Refusal(metric=name, slice=slices[2], value=0.1, bound="at least 0.75") for name in names
    ]
    text = on_terminal(record, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for measured in record.metrics:
        assert f"{measured.value:.4f}" in text, (measured.metric, measured.slice)


@pytest.mark.parametrize("story", STORIES)
def test_a_file_gets_no_control_characters_and_no_trailing_blanks(
    story: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = in_file(finished(story), capsys)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_pushed_run_says_version_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    text = in_file(finished("pushed"), capsys)
    assert "train 11,997 · eval 1,502 · test 1,503" in text
    assert "learning_rate 0.0031 · hidden [64, 32] · dropout 0.1" in text
    assert "✓ Blessed and pushed in 2 min 05 s" in text
    assert "1767323045" in line_with(text, "Version")
    assert "serving_models/taxi/1767323045" in line_with(text, "Pushed to")
    assert "/runs/taxi-20260102-030405-4f2a" in line_with(text, "Run folder")
    assert "-m pipeline freeze-hyperparameters taxi" in text


def test_a_run_that_was_not_blessed_names_each_metric_slice_value_and_bound(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = in_file(finished("not_blessed"), capsys)
    assert "✗ Not blessed, so nothing was pushed" in text
    assert line_with(text, "AUC   trip_start_day=3").split() == [
        *("AUC", "trip_start_day=3", "0.8392", "expected", "at", "least", "0.85"),
    ]
    assert "0.8392 ✗" in text
    assert "expected at most 0.01 below the baseline's 0.9412" in text
    assert "Pushed to" not in text


@pytest.mark.parametrize("story", STORIES)
def test_what_is_to_be_known_beside_the_verdict_is_told(
    story: str, capsys: pytest.CaptureFixture[str]
) -> None:
    record = finished(story)
    assert "To be aware of" not in in_file(record, capsys)
    record.warn("Trainer", [("The input 'id' looks like an identifier", "Remove it.")])
    text = in_file(record, capsys)
    assert "To be aware of" in text and "Remove it." in text
    assert "The input 'id' looks like an identifier" in text


def test_a_stopped_run_lists_every_anomaly(capsys: pytest.CaptureFixture[str]) -> None:
    text = in_file(finished("stopped"), capsys)
    assert line_with(text, "payment_type", "train", "Unexpected string values", "Crypto")
    assert line_with(text, "company", "eval", "Column dropped")
    assert "✗ Stopped by anomalies in the data, so nothing was trained (2 min 05 s)" in text
    assert "correct the data, or models/taxi/schema.pbtxt, and run again" in text


def test_what_is_told_of_the_data_is_no_anomaly(capsys: pytest.CaptureFixture[str]) -> None:
    record = finished("pushed")
    record.anomalies = [
        Anomaly(feature="mass", split="all", severity="note", headline="Has NaN", detail="Why.")
    ]
    text = in_file(record, capsys)
    assert line_with(text, "Anomalies", "none") and "Anomalies in the data" not in text
    assert text.index("Told of the data") < text.index("mass") < text.index("Has NaN")


def test_a_failed_run_tells_headline_detail_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    text = in_file(finished("failed"), capsys)
    assert "Trainer failed: models/taxi/model.py: build_model raised ValueError" in text
    assert text.index("the learning rate is -1.0") < text.index("Correct build_model")
    assert "╭" not in text
    assert "╭─ Trainer failed" in on_terminal(finished("failed"))


def test_a_run_that_died_says_so(tmp_path: Path) -> None:
    record = finished("failed")
    record.status, record.failure, record.finished = "running", None, None
    record.process = 2**22 + 1
    run_record.write(record, tmp_path)
    assert "died without recording an end" in on_terminal(record, runs=tmp_path)


def test_the_log_and_the_report_are_named_where_they_are_there(tmp_path: Path) -> None:
    record = finished("pushed")
    run_record.write(record, tmp_path)
    assert "tfx.log" not in on_terminal(record, 200, tmp_path)
    for name in ("tfx.log", "report.html"):
        (tmp_path / record.id / name).write_text("")
    text = on_terminal(record, 200, tmp_path)
    assert f"{tmp_path}/{record.id}/tfx.log" in text and "/report.html" in text


def test_settings_come_back_quoted_in_the_command_to_run_again() -> None:
    record = finished("stopped")
    record.overrides = ["data.path=my data/*.csv"]
    assert "run taxi --set 'data.path=my data/*.csv'" in on_terminal(record, 120)


@pytest.mark.parametrize(
    ("story", "line"),
    [
        ("pushed", "✓ Blessed and pushed in 2 min 05 s"),
        ("not_blessed", "✗ Not blessed, so nothing was pushed (2 min 05 s)"),
        ("stopped", "✗ Stopped by anomalies in the data, so nothing was trained (2 min 05 s)"),
        ("interrupted", "✗ Interrupted, so nothing was pushed (2 min 05 s)"),
    ],
)
def test_the_end_is_told_in_the_words_of_the_outcome(story: str, line: str) -> None:
    assert f"  {line}\n" in on_terminal(finished(story))


def test_a_stopped_run_without_anomalies_shows_its_failure() -> None:
    record = finished("stopped")
    record.anomalies = []
    assert "DataGate failed" in on_terminal(record)


@pytest.mark.parametrize("story", ["failed", "interrupted"])
def test_a_run_that_did_not_come_to_its_end_names_the_command_that_goes_on(story: str) -> None:
    text = on_terminal(finished(story), 120)
    assert text.rstrip().endswith("-m pipeline run taxi --resume")


def test_a_run_that_failed_before_any_node_is_to_be_run_again() -> None:
    record = queued()
    record.overrides = ["evaluation.metrics={AUCC: {at_least: 0.5}}"]
    tell(record, "failed")
    assert "--resume" not in on_terminal(record, 120)
    assert "run taxi --set 'evaluation.metrics={AUCC" in on_terminal(record, 120)


def test_square_brackets_in_data_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    record = finished("failed")
    assert record.failure is not None
    record.failure.headline = "column [bold]fare[/bold] is gone"
    assert "column [bold]fare[/bold] is gone" in in_file(record, capsys)


def test_a_run_as_far_as_a_node_says_how_far_and_what_comes_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = finished("interrupted")
    record.to = "Transform"
    record.nodes = [node for node in record.nodes if node.name != "Pusher"]
    record.complete()
    text = in_file(record, capsys)
    assert "Ran as far as it was asked to, so nothing was pushed in" in text
    assert "Up to and including Transform, as --to says" in text
    assert "run the rest; what was finished comes from the cache" in text
    assert "make serve" not in text


@pytest.mark.parametrize(
    ("story", "named"),
    [
        ("pushed", ["make serve", "make dashboard"]),
        ("not_blessed", ["make dashboard"]),
        ("failed", []),
    ],
)
def test_what_make_does_next_is_named(
    story: str, named: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = in_file(finished(story), capsys)
    for command in ("make serve", "make dashboard"):
        assert (command in text) is (command in named)
