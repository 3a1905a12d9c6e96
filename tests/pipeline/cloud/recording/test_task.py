"""What a task's container tells while it runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.common import progress
from models.common.errors import AnomalyError, RunError
from pipeline.cloud.recording import account
from pipeline.cloud.recording.task import TaskRecorder, written

pytestmark = pytest.mark.tfx

URI = "gs://b/runs/taxi/0/taxi-7/Trainer_1/model"


def recorder(runs: Path, uri: str = URI) -> TaskRecorder:
    return TaskRecorder("taxi", str(runs), "Trainer", uri)


def test_it_begins_and_is_done(tmp_path: Path) -> None:
    told = recorder(tmp_path)
    told.started()
    found = account.read_all(f"{tmp_path}/taxi-7")["Trainer"]
    assert (found.status, found.finished, found.job) == ("running", None, "taxi-7")
    told.done({"model": {"uri": "u", "metadata": {}}})
    found = account.read_all(f"{tmp_path}/taxi-7")["Trainer"]
    assert found.status == "done" and found.outputs["model"]["uri"] == "u"


@pytest.mark.parametrize(
    ("error", "status", "headline"),
    [
        (RunError("no room", "disk", "Free some."), "failed", "no room"),
        (AnomalyError("1 anomaly", "", "", [{"feature": "a"}]), "stopped", "1 anomaly"),
        (ValueError("a\nb"), "failed", "ValueError: a"),
        (SystemExit(3), "failed", "SystemExit: 3"),
        (KeyError(), "failed", "KeyError:"),
    ],
)
def test_it_fails(error: BaseException, status: str, headline: str, tmp_path: Path) -> None:
    told = recorder(tmp_path)
    told.failed(error)
    found = account.read_all(f"{tmp_path}/taxi-7")["Trainer"]
    assert (found.status, found.failure["headline"]) == (status, headline)


def test_a_secret_is_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter2hunter2")
    recorder(tmp_path).failed(RunError("refused", "with hunter2hunter2"))
    assert "hunter2" not in (tmp_path / "taxi-7" / "tasks" / "Trainer.json").read_text()


def test_epochs_are_written_while_it_listens(tmp_path: Path) -> None:
    told = recorder(tmp_path)
    with told.listening():
        progress.notify(progress.EpochEnded({"loss": 0.25}))
    told.done({})
    details = json.loads((tmp_path / "taxi-7" / "details.json").read_text())
    assert details["curves"][0]["values"] == [0.25]


def test_nothing_that_goes_wrong_here_reaches_the_task(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    told = recorder(tmp_path / "file")
    told.started()
    with told.listening():
        progress.notify(progress.EpochEnded({"loss": 0.25}))
    told.done({})
    assert "was not told" in capsys.readouterr().out
    told = recorder(tmp_path, uri="gs://elsewhere")  # Of no job that is known.
    told.started()
    with told.listening():
        pass
    told.failed(ValueError("x"))


def test_what_tfx_wrote_is_read_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert written(str(file)) == {}
    file.write_text("no JSON")
    assert written(str(file)) == {}
    file.write_text('{"artifacts": {"a": {"artifacts": [{"uri": "u"}]}}}')
    assert written(str(file)) == {"a": {"uri": "u", "metadata": {}}}
