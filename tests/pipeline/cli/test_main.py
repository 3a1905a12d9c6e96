"""The command line as somebody uses it: what is typed, what is answered."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import types
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.common.errors import RunError
from pipeline.cli import main
from pipeline.config import project
from pipeline.local import launch
from pipeline.record import run_record
from pipeline.record.run_record import RunRecord
from tests.helpers.paths import TESTS
from tests.pipeline.fake_run import REPOSITORY, finished, queued


class Answer:
    """What a command printed, and its exit status."""

    def __init__(self, status: int, output: str, errors: str) -> None:
        self.status = status
        self.output = output
        self.errors = errors


class Shell:
    """Types commands into this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Answer:
        with pytest.raises(SystemExit) as end:
            main.main(list(arguments))
        captured = self._capsys.readouterr()
        status = end.value.code if isinstance(end.value.code, int) else 0
        return Answer(status, captured.out, captured.err)


@pytest.fixture
def pipeline_(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Shell:
    monkeypatch.setattr(project, "RUNS", tmp_path / "runs")
    return Shell(capsys)


def python(*arguments: str, **environment: str) -> Answer:
    """Types a command into a process of its own."""
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Answer(ended.returncode, ended.stdout, ended.stderr)


def keep(record: RunRecord, run_id: str, model: str = "taxi") -> RunRecord:
    record.id, record.model = run_id, model
    run_record.write(record, project.RUNS)
    return record


def row(answer: Answer, name: str) -> str:
    return next(line for line in answer.output.splitlines() if line.startswith(name))


def test_without_arguments_it_shows_what_there_is() -> None:
    answer = python("-m", "pipeline")
    for command in (
        "run",
        "runs",
        "show",
        "report",
        "models",
        "freeze-schema",
        "freeze-hyperparameters",
    ):
        assert re.search(rf"\b{command}\b", answer.output)
    assert "Traceback" not in answer.output + answer.errors


def test_help_imports_nothing_heavy() -> None:
    answer = python("-X", "importtime", "-m", "pipeline", "--help")
    assert answer.status == 0
    imported = {line.rpartition("|")[2].strip() for line in answer.errors.splitlines()}
    heavy = {"tensorflow", "tfx", "apache_beam", "pyarrow", "pandas", "numpy", "pydantic"}
    assert "typer" in imported and not imported & heavy


def test_help_names_the_exit_statuses(pipeline_: Shell) -> None:
    text = " ".join(pipeline_("run", "--help").output.split())
    assert "3 not blessed" in text and "130 interrupted" in text


def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(pipeline_: Shell) -> None:
    answer = pipeline_("rnu")
    assert answer.status == 2
    assert "No such command 'rnu'. Did you mean" in answer.errors


def test_a_misspelt_model_is_a_mistake_found_before_anything_ran(pipeline_: Shell) -> None:
    answer = pipeline_("run", "taix")
    assert answer.status == 2
    assert answer.errors.startswith("Error: There is no model 'taix'; did you mean 'taxi'?\n")
    assert not project.RUNS.exists()


def test_a_misspelt_setting_names_the_key(pipeline_: Shell) -> None:
    answer = pipeline_("run", "taxi", "--set", "training.epoch=3")
    assert answer.status == 2
    assert "training.epoch" in answer.errors and "did you mean 'epochs'?" in answer.errors


@pytest.mark.parametrize(
    ("typed", "model", "nodes"),
    [
        ([], "taxi", []),
        (["--no-cache"], "taxi", ["all"]),
        (["--no-cache", "taxi"], "taxi", ["all"]),
        (["taxi", "--no-cache", "Trainer"], "taxi", ["Trainer"]),
        (["--no-cache=Tuner", "--no-cache", "Pusher", "taxi"], "taxi", ["Tuner", "Pusher"]),
        (["taxi", "--no-cache", "--set", "training.epochs=3"], "taxi", ["all"]),
    ],
)
def test_no_cache_takes_a_node_or_none(
    pipeline_: Shell,
    monkeypatch: pytest.MonkeyPatch,
    typed: list[str],
    model: str,
    nodes: list[str],
) -> None:
    asked = []

    def start(*arguments: Any, **_: Any) -> None:
        asked.append(arguments)
        raise RunError("enough")

    monkeypatch.setattr(launch, "start", start)
    pipeline_("run", *typed)
    [(asked_model, _, asked_nodes)] = asked
    assert (asked_model, asked_nodes) == (model, nodes)


def test_a_misspelt_node_is_a_mistake_found_before_anything_ran(pipeline_: Shell) -> None:
    answer = pipeline_("run", "--no-cache", "Trianer")
    assert answer.status == 2
    assert answer.errors.startswith("Error: There is no node 'Trianer'; did you mean 'Trainer'?\n")
    assert not project.RUNS.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("story", "status", "said"),
    [
        ("pushed", 0, "Blessed and pushed"),
        ("not_blessed", 3, "Not blessed, so nothing was pushed"),
        ("stopped", 4, "Stopped by anomalies in the data, so nothing was trained"),
        ("failed", 1, "Trainer failed: models/taxi/model.py"),
        ("killed", 1, "killed by SIGKILL"),
        ("mistake", 2, "The run failed: There is no metric 'AUCC'"),
    ],
)
def test_the_exit_status_says_how_a_run_ended(
    story: str, status: int, said: str, tmp_path: Path
) -> None:
    answer = python(
        str(TESTS / "pipeline" / "fake_cli.py"),
        "run",
        FAKE_STORY=story,
        FAKE_RUNS=str(tmp_path / "runs"),
        PYTHONPATH=str(REPOSITORY),
    )
    assert answer.status == status
    assert said in answer.output and answer.errors == ""
    ran = re.search(r"^\d\d:\d\d:\d\d  ExampleGen +done in", answer.output, re.MULTILINE)
    assert bool(ran) == (status != 2)
    assert "\x1b" not in answer.output and "\r" not in answer.output


@pytest.mark.slow
def test_on_a_terminal_the_view_is_live_and_the_cursor_comes_back(tmp_path: Path) -> None:
    status, text = on_terminal(tmp_path, NO_COLOR="")
    assert status == 0
    assert "starting: loading TensorFlow and TFX" in text
    assert text.count("\x1b[?25l") == 1 and text.rindex("\x1b[?25h") > text.index("\x1b[?25l")
    assert "\x1b[32m✓" in text and "Blessed and pushed" in text


@pytest.mark.slow
def test_no_color_is_respected(tmp_path: Path) -> None:
    _, text = on_terminal(tmp_path, NO_COLOR="1")
    assert "Blessed and pushed" in text
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", text)


@pytest.mark.slow
def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    _, text = on_terminal(tmp_path, TERM="dumb")
    assert "\x1b" not in text and "Blessed and pushed" in text


def on_terminal(tmp_path: Path, **environment: str) -> tuple[int, str]:
    """Runs the fake run on a terminal, and returns its exit status and all that it printed."""
    try:
        ours, theirs = pty.openpty()
    except OSError:
        pytest.skip("this system has no pseudo-terminals, as in a bare chroot")
    process = subprocess.Popen(
        [sys.executable, str(TESTS / "pipeline" / "fake_cli.py"), "run"],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "TERM": "xterm-256color",
            "COLUMNS": "80",
            "LINES": "24",
            "FAKE_STORY": "pushed",
            "FAKE_SECONDS": "0.02",
            "FAKE_RUNS": str(tmp_path / "runs"),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONIOENCODING": "utf-8",
            **environment,
        },
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    read = b""
    try:
        while select.select([ours], [], [], 60)[0]:
            read += os.read(ours, 65536)
    except OSError:  # The other end has closed.
        pass
    os.close(ours)
    return process.wait(timeout=30), read.decode()


def test_before_the_first_run_the_list_says_how_to_start_one(pipeline_: Shell) -> None:
    answer = pipeline_("runs")
    assert answer.status == 0
    assert "There is no run yet" in answer.output and "-m pipeline run taxi" in answer.output
    assert pipeline_("show").status == 2


def test_the_list_has_every_run_newest_first(pipeline_: Shell) -> None:
    keep(finished("pushed"), "taxi-20260101-000001-aaaa")
    keep(finished("not_blessed"), "taxi-20260102-000001-bbbb")
    keep(finished("stopped"), "abalone-20260103-000001-cccc", "abalone")
    answer = pipeline_("runs")
    names = [line.split()[0] for line in answer.output.splitlines()[1:]]
    assert [name[-4:] for name in names] == ["cccc", "bbbb", "aaaa"]
    pushed = row(answer, "taxi-20260101")
    assert "  blessed  " in pushed and "2:05" in pushed and "1767323045" in pushed
    assert "AUC 0.9412  BinaryAccuracy 0.8988" in pushed
    assert "not blessed" in row(answer, "taxi-20260102")
    assert "stopped" in row(answer, "abalone")


def test_the_list_can_be_of_one_model_and_short(pipeline_: Shell) -> None:
    for day in (1, 2, 3):
        keep(finished("pushed"), f"taxi-2026010{day}-000001-aaaa")
    keep(finished("pushed"), "abalone-20260109-000001-cccc", "abalone")
    output = pipeline_("runs", "--model", "taxi", "--limit", "2").output
    assert len(output.splitlines()) == 3
    assert "abalone" not in output and "taxi-20260101" not in output


def test_an_unreadable_record_hides_no_other(pipeline_: Shell) -> None:
    keep(finished("pushed"), "taxi-20260101-000001-aaaa")
    for name, content in (("taxi-20260102-000001-bbbb", "{"), ("taxi-20260103-000001-cccc", "[]")):
        (project.RUNS / name).mkdir()
        (project.RUNS / name / "run.json").write_text(content)
    answer = pipeline_("runs")
    assert answer.status == 0
    assert "unreadable" in row(answer, "taxi-20260102")
    assert "unreadable" in row(answer, "taxi-20260103")
    assert "blessed" in row(answer, "taxi-20260101")
    assert pipeline_("show", "bbbb").status == 2


def test_a_run_whose_process_is_gone_has_died(pipeline_: Shell) -> None:
    gone = queued()
    gone.process = 2**22 + 1
    keep(gone, "taxi-20260101-000001-aaaa")
    going = queued()
    going.process = os.getpid()
    keep(going, "taxi-20260102-000001-bbbb")
    answer = pipeline_("runs")
    assert "  died  " in row(answer, "taxi-20260101")
    assert "  running  " in row(answer, "taxi-20260102")


def test_a_process_number_given_out_again_is_not_the_run(pipeline_: Shell) -> None:
    record = queued()
    record.process = os.getpid()
    keep(record, "taxi-20260101-000001-aaaa")
    path = project.RUNS / record.id / "run.json"
    before = (run_record.now() - timedelta(days=30)).timestamp()
    os.utime(path, (before, before))
    assert "died" in row(pipeline_("runs"), "taxi-20260101")


def test_the_list_as_json_is_for_programs(pipeline_: Shell) -> None:
    keep(finished("pushed"), "taxi-20260101-000001-aaaa")
    (project.RUNS / "taxi-20260102-000001-bbbb").mkdir()
    (project.RUNS / "taxi-20260102-000001-bbbb" / "run.json").write_text("{")
    broken, whole = json.loads(pipeline_("runs", "--json").output)
    assert broken["status"] == "unreadable" and "bbbb" in broken["error"]
    assert whole["status"] == "pushed" and whole["metrics"][0]["metric"] == "AUC"


def test_a_run_can_be_shown_again_by_part_of_its_id(pipeline_: Shell) -> None:
    keep(finished("pushed"), "taxi-20260101-000001-aaaa")
    keep(finished("not_blessed"), "taxi-20260102-000001-bbbb")
    assert "Blessed and pushed" in pipeline_("show", "aaaa").output
    assert pipeline_("report", "aaaa").output.strip().endswith("aaaa/report.html")
    [written] = project.RUNS.glob("*aaaa/report.html")
    assert "Blessed and pushed" in written.read_text(encoding="utf-8")
    latest = pipeline_("show").output
    assert "Not blessed" in latest and "ExampleGen" in latest
    several = pipeline_("show", "2026")
    assert several.status == 2 and "2 runs match '2026'" in several.errors
    none = pipeline_("show", "zzzz")
    assert none.status == 2 and "There is no run 'zzzz'" in none.errors


def test_models_are_listed(pipeline_: Shell) -> None:
    assert "taxi" in pipeline_("models").output.split()


def test_freezing_tells_the_file_to_review(
    pipeline_: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze = types.ModuleType("pipeline.cli.freeze")
    freeze.schema = lambda model, root: root / "models" / model / "schema.pbtxt"  # type: ignore
    monkeypatch.setitem(sys.modules, "pipeline.cli.freeze", freeze)
    monkeypatch.setattr("pipeline.cli.freeze", freeze, raising=False)
    monkeypatch.chdir(project.ROOT)
    answer = pipeline_("freeze-schema", "taxi")
    assert answer.status == 0
    assert "Wrote models/taxi/schema.pbtxt." in answer.output
    assert "git diff -- models/taxi/schema.pbtxt" in answer.output


def test_an_error_that_nobody_expected_is_one_line_and_a_file(
    pipeline_: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(root: Path) -> list[str]:
        raise LookupError("no such thing\nsecond line")

    monkeypatch.setattr(project, "model_names", broken)
    answer = pipeline_("models")
    assert answer.status == 70
    (line,) = answer.errors.splitlines()
    assert line.startswith("Error: LookupError: no such thing (this is a bug; the traceback is in ")
    (kept,) = project.RUNS.glob("bug-*.log")
    assert str(kept) in line and "Traceback" in kept.read_text()


PRINT_NO_TABLE = {
    "run": "follows a run; `show --json` and run.json have it",
    "rehearse": "follows a rehearsal, whose run.json has it",
    "report": "prints a path",
    "new": "writes a folder, of which `check --json` has the table",
    "data": "writes files",
    "compile": "writes a file",
    "submit": "prints a name and an address",
    "scheduled": "prints two words",
    "pushed": "prints an address",
    "image-tag": "prints a tag",
    "freeze-schema": "writes a file",
    "freeze-hyperparameters": "writes a file",
    "export-mlflow": "prints two counts",
}
"""The commands that a program needs no JSON of, and why."""


def test_every_command_that_prints_a_table_prints_json_too(pipeline_: Shell) -> None:
    import typer.main

    commands = typer.main.get_command(main.app).commands  # type: ignore[attr-defined]
    assert set(commands) >= set(PRINT_NO_TABLE)
    for name in commands.keys() - PRINT_NO_TABLE.keys():
        if name == "changes":  # It has a command line of its own.
            from pipeline.delivery import changes

            assert "--json" in changes.parser().format_help()
        else:
            options = {option for one in commands[name].params for option in one.opts}
            assert "--json" in options, name


def test_show_takes_a_model_for_its_latest_run(
    pipeline_: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "model_names", lambda *_: ["taxi", "rents"])
    for number, model in enumerate(("rents", "taxi", "rents", "taxi"), start=1):
        record = finished()
        record.number = number
        keep(record, f"{model}-2026010{number}-030405-4f2a", model)
    assert json.loads(pipeline_("show", "rents", "--json").output)["id"].startswith(
        "rents-20260103"
    )
    assert json.loads(pipeline_("show", "--json").output)["id"].startswith("taxi-20260104")


def test_show_says_that_a_model_has_no_run(
    pipeline_: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "model_names", lambda *_: ["taxi", "rents"])
    keep(finished(), "taxi-20260102-030405-4f2a")
    answer = pipeline_("show", "rents")
    assert answer.status == 2 and "There is no run of 'rents' yet" in answer.errors


def test_show_as_json_is_the_record(pipeline_: Shell) -> None:
    record = keep(finished(), "taxi-20260102-030405-4f2a")
    shown = json.loads(pipeline_("show", "--json").output)
    assert shown == json.loads(record.model_dump_json())
    assert json.loads(pipeline_("models", "--json").output) == project.model_names()


def test_a_misspelt_last_node_is_a_mistake_found_before_anything_ran(pipeline_: Shell) -> None:
    answer = pipeline_("run", "taxi", "--to", "Trianer")
    assert answer.status == 2 and "did you mean 'Trainer'?" in answer.errors
    assert not project.RUNS.exists()


def test_runs_of_another_place_are_listed(pipeline_: Shell, tmp_path: Path) -> None:
    record = finished("pushed")
    record.id = "taxi-20261127093000"  # As jobs in the cloud are called.
    run_record.write(record, tmp_path / "elsewhere")
    place = str(tmp_path / "elsewhere")
    assert "blessed" in row(pipeline_("runs", "--from", place), record.id)
    [found] = json.loads(pipeline_("runs", "--from", place, "--json").output)
    assert found["id"] == record.id
    assert (
        f"There is no run of fashion in {place}"
        in pipeline_("runs", "--model", "fashion", "--from", place).output
    )
    refused = pipeline_("runs", "--from", "ftp://b/runs")
    assert refused.status == 2 and "Runs cannot be read from ftp://b/runs" in refused.errors
