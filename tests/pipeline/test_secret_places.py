"""Every kind of secret in every place that a person, a log or another program can read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.records.index import RunIndex
from dashboard.web import app
from pipeline.cli import main
from pipeline.config import project
from pipeline.local import child_process
from pipeline.record import filtered_log, provenance, run_details, run_folder, run_record
from pipeline.record.redaction import HIDDEN
from pipeline.record.run_details import Feature, RunDetails, SplitFeature, TopValue, Trial
from pipeline.record.run_record import Failure, RunRecord
from pipeline.show import error_messages, report
from pipeline.tracking import neptune_fields
from serving.core import logs
from serving.core.errors import Code, ServingError
from serving.core.exchange import Refusal
from tests.dashboard import sample_runs
from tests.helpers.paths import ROOT
from tests.pipeline.fake_run import finished
from tests.pipeline.secret_kinds import KINDS, MARK

TEXTS = [kind.text for kind in KINDS]
ALL = "\n".join(TEXTS)
Place = Callable[[Path], str]


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The variables that some kinds are the values of."""
    for kind in KINDS:
        for name, value in kind.environment.items():
            monkeypatch.setenv(name, value)
    logs.redactor.cache_clear()
    yield
    monkeypatch.undo()
    logs.redactor.cache_clear()


def record() -> RunRecord:
    """A run that had every secret in its settings, and failed with all of them in its message."""
    made = finished("failed")
    made.overrides = [f"data.path={text}" for text in TEXTS]
    made.command = provenance.command("taxi", made.overrides)
    made.failure = Failure(node="Trainer", headline=ALL, detail=ALL, remedy=ALL)
    made.hyperparameters = {"text": ALL}
    made.warn("Trainer", [(text, text) for text in TEXTS])
    return made


def written(runs: Path) -> Path:
    """A run folder with record, details and report."""
    made = record()
    run_record.write(made, runs)
    details = RunDetails(
        run=made.id,
        trials=[
            Trial(number=1, hyperparameters={"a": ALL}, objective="AUC", score=0.5, seconds=None)
        ],
        features=[
            Feature(
                name="notes",
                type="string",
                splits={
                    "train": SplitFeature(
                        rows=1, missing=0, top=[TopValue(value=text, count=1) for text in TEXTS]
                    )
                },
            )
        ],
    )
    run_details.write(details, runs)
    report.write(made, runs)
    return run_folder.path(made.id, runs)


def _record(folder: Path) -> str:
    return (written(folder) / run_folder.RECORD).read_text()


def _details(folder: Path) -> str:
    return (written(folder) / run_folder.DETAILS).read_text()


def _report(folder: Path) -> str:
    return (written(folder) / run_folder.REPORT).read_text()


def _neptune(folder: Path) -> str:
    run = written(folder)
    taken = neptune_fields.take(
        run_record.read(run.name, folder), run_details.read(run.name, folder), run
    )
    contents = (neptune_fields.content_of(file)[0] for file in taken.files.values())
    files = "".join(content.decode(errors="replace") for content in contents)
    return json.dumps(dict(taken.fields)) + files


def _code(folder: Path) -> str:
    model = folder / "models" / "taxi"
    model.mkdir(parents=True)
    (model / "notes.txt").write_text(ALL)
    made = record()
    provenance.keep("taxi", folder / "run", run_record.redactor(made), folder)
    return (folder / "run" / "code" / "models" / "taxi" / "notes.txt").read_text()


def _log(folder: Path) -> str:
    (folder / "text").write_text(ALL)
    command = ["sh", "-c", "cat text; cat text >&2"]
    with (
        (folder / "lock").open("w") as lock,
        child_process.started(command, folder=folder, environment=os.environ) as waiting,
    ):
        process = waiting.go_on(folder / "log", lock.fileno())
    process.wait()
    filtered_log.complete(folder / "log")
    return (folder / "log").read_text()


def _bug(folder: Path) -> str:
    error_messages.tell_bug(ValueError(ALL), folder)
    [kept] = folder.glob("bug-*.log")
    return kept.read_text()


def _answer(_: Path) -> str:
    return "".join(
        json.loads(Refusal(ServingError(Code.INTERNAL, text)).body)["error"] for text in TEXTS
    )


def _workflow(folder: Path) -> str:
    program = "import commands, sys; commands.summary(sys.argv[1]); commands.fail(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, ALL],
        cwd=ROOT / ".github" / "scripts",
        env={**os.environ, "GITHUB_STEP_SUMMARY": str(folder / "summary")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "::error::" in done.stdout
    return done.stdout + done.stderr + (folder / "summary").read_text()


def _dashboard(folder: Path) -> str:
    """A run that was written elsewhere, by who hid nothing."""
    run = sample_runs.make_run(folder)
    content = json.loads((run / "run.json").read_text())
    content["failure"] = {"node": "Trainer", "headline": ALL, "detail": ALL, "remedy": ALL}
    (run / "run.json").write_text(json.dumps(content))
    for name in ("tfx.log", "report.html", "packages.txt"):
        (run / name).write_text(ALL)
    index = RunIndex(folder)
    index.scan()
    client = TestClient(app.create(index), base_url="http://localhost:8050")
    paths = ["", "/text?path=tfx.log"]
    answers = [client.get(f"/api/runs/{run.name}{path}") for path in paths]
    answers += [client.get("/api/runs"), client.get(f"/report/{run.name}")]
    answers += [client.get(f"/files/{run.name}/packages.txt")]
    assert {answer.status_code for answer in answers} == {200}
    return "".join(answer.text for answer in answers)


PLACES: dict[str, Place] = {
    "run.json": _record,
    "details.json": _details,
    "report.html": _report,
    "code/": _code,
    "tfx.log": _log,
    ".neptune": _neptune,
    "bug-*.log": _bug,
    "the server's answers": _answer,
    "a workflow's log and summary": _workflow,
    "the dashboard": _dashboard,
}


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_in(place: str, tmp_path: Path) -> None:
    text = PLACES[place](tmp_path)
    shown = [line for line in text.splitlines() if MARK in line]
    assert shown == [] and HIDDEN in text


def test_no_secret_is_on_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(project, "RUNS", tmp_path)
    run_record.write(finished(), tmp_path)
    with pytest.raises(SystemExit):
        main.main(["show", "--", ALL])
    told = capsys.readouterr().err
    assert "There is no run" in told and HIDDEN in told and MARK not in told


def test_no_secret_is_in_the_servers_log(capsys: pytest.CaptureFixture[str]) -> None:
    for text in TEXTS:
        logs.event("request failed", error=text, fields={"given": [text]})
    logs.hide("a-token-of-a-file")
    logs.event("upstream", error="it does not take a-token-of-a-file")
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if MARK in line or "a-token" in line] == []
    assert all(HIDDEN in json.dumps(json.loads(line)) for line in lines)


def test_a_run_is_for_its_owner_alone(tmp_path: Path) -> None:
    run = written(tmp_path / "runs")
    _code(tmp_path)
    for folder in (run, tmp_path / "run"):
        assert folder.stat().st_mode & 0o777 == 0o700
        for path in folder.rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, path
