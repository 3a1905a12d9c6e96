"""The list of runs: one row each, readable or not."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.record import run_record
from pipeline.record.run_record import RunRecord, UnreadableRecord
from pipeline.show import runs_table, terminal
from pipeline.show.outcomes import OUTCOMES
from tests.pipeline.fake_run import finished, queued

STORIES = ["pushed", "not_blessed", "stopped", "failed", "interrupted"]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A run of each ending, one that died, and one that nobody can read; the newest first."""
    for number, story in enumerate([*reversed(STORIES), "died"]):
        record = queued() if story == "died" else finished(story)
        record.id = f"taxi-20260102-00000{number}-aaaa"
        record.model = "taxi" if story != "failed" else "rents"
        if story == "died":
            record.process = 2**22 + 1
        run_record.write(record, tmp_path)
    (tmp_path / "taxi-20260102-000009-aaaa").mkdir()
    (tmp_path / "taxi-20260102-000009-aaaa/run.json").write_text("{")
    return tmp_path


def table(records: list[RunRecord | UnreadableRecord], runs: Path, width: int = 80) -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    console = Console(file=file, force_terminal=True, color_system=None, width=width, markup=False)
    with console.capture() as captured:
        terminal.show(console, runs_table.runs_table(records, console, runs))
    return captured.get().splitlines()


@pytest.mark.parametrize("model", ["taxi", "a_model_with_a_rather_long_name"])
@pytest.mark.parametrize("width", [40, 60, 72, 80, 81, 99, 100, 139, 140, 200])
def test_what_is_shown_is_whole_at_every_width(tmp_path: Path, model: str, width: int) -> None:
    record = finished("pushed")
    record.id, record.model = f"{model}-20260102-000001-aaaa", model
    record.metrics[0].metric = "SparseCategoricalCrossentropy"
    run_record.write(record, tmp_path)
    head, *lines = table([record], tmp_path, width)
    assert max(map(len, [head, *lines])) <= width
    end = head.index("Model" if "Model" in head else "Status")
    assert "".join(line[:end].strip() for line in lines) == record.id
    text = "\n".join(lines)
    assert f" {OUTCOMES['pushed'].label}" in text and "…" not in text
    assert ("On test" in head) == ("0.9412" in text) == (width >= 60)
    assert ("Version" in head) == (str(record.pushed_version) in text) == (width >= 60)


@pytest.mark.parametrize("width", [80, 100, 140, 200])
def test_each_run_is_a_row_with_the_words_of_its_outcome(runs: Path, width: int) -> None:
    lines = table(runs_table.select(runs), runs, width)
    assert max(map(len, lines)) <= width
    starts = [line for line in lines if line.startswith("taxi-")]
    expected = ["unreadable", "died", *STORIES]
    assert len(starts) == len(expected)
    for line, status in zip(starts, expected, strict=True):
        assert f" {OUTCOMES[status].label} " in line


def test_a_wide_terminal_has_model_time_and_a_second_metric(runs: Path) -> None:
    narrow, wide = (table(runs_table.select(runs), runs, width) for width in (139, 140))
    assert "Model" in wide[0] and "Model" not in narrow[0]
    [row] = (line for line in wide if "1767323045" in line)
    assert "AUC 0.9412  BinaryAccuracy 0.8988" in row and row.rstrip().endswith("1767323045")
    assert " ago" in row or "just now" in row
    [row] = (line for line in narrow if "1767323045" in line)
    assert "AUC 0.9412" in row and "BinaryAccuracy" not in row


def test_a_dead_run_took_no_time_that_anybody_knows(runs: Path) -> None:
    record = run_record.read("taxi-20260102-000005-aaaa", runs)
    record.started -= timedelta(hours=5)
    run_record.write(record, runs)
    [row] = (line for line in table(runs_table.select(runs), runs) if " died " in line)
    assert "5 h ago" in row and "5:00" not in row


def test_runs_are_chosen_by_model_and_number(runs: Path) -> None:
    def chosen(model: str | None, limit: int | None) -> list[str]:
        found = runs_table.select(runs, model, limit)
        return [one.id[14:20] for one in found]

    assert chosen(None, None) == ["000009", *(f"00000{number}" for number in range(5, -1, -1))]
    assert chosen("rents", None) == ["000009", "000001"]
    assert chosen(None, 2) == ["000009", "000005"]


def test_a_program_gets_whole_records_and_what_is_wrong_with_the_others(runs: Path) -> None:
    found = json.loads(runs_table.as_json(runs_table.select(runs), runs))
    assert [one["status"] for one in found] == ["unreadable", "died", *STORIES]
    assert "is not a readable run record" in found[0]["error"]
    assert found[2]["metrics"][0]["metric"] == "AUC"
