"""The compiled specification, rehearsed task by task, comes to what a local run comes to."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from dashboard.records import neptune
from tests.dashboard.watched_run import Seen, watching
from tests.e2e.project_copy import TINY_ROWS, Outcome, Project, copy_with_tiny
from tests.helpers import neptune_files
from tests.models.tiny_rows import request_rows

pytestmark = pytest.mark.e2e

IN_BUCKET = "runs/rehearsals/buckets/rehearsal/runs"
OUT_OF_REACH = "evaluation.metrics.AUC.at_least=1"
EPOCHS = 3
CALLBACKS = """

class Watched(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        shown = pathlib.Path("/".join(SHOWN))  # A path that only running it shows.
        given_up = time.monotonic() + 60
        while shown.exists() and int(shown.read_text() or 0) < epoch:
            assert time.monotonic() < given_up, "the dashboard does not show the last epoch"
            time.sleep(0.05)

    def on_epoch_end(self, epoch, logs=None):
        tracking.log("twice the loss", 2 * logs["loss"], epoch + 1)
        tracking.log_image("units", self.model.get_weights()[0] > 0, epoch + 1)


def callbacks():
    return [Watched()]


import pathlib
import time

from models.common import tracking
"""
PREDICT = """
import json, sys
from models.common.loaded_model import LoadedModel
path, asked = sys.argv[1], json.load(sys.stdin)
with LoadedModel(path) as model:
    print(json.dumps({k: v.tolist() for k, v in model.predict_rows(asked).items()}))
"""


def rehearse(project: Project, *arguments: str) -> Outcome:
    done = project.pipeline("rehearse", "tiny", *arguments)
    records = [json.loads(p.read_text()) for p in project.root.glob("runs/rehearsals/*/run.json")]
    last = max(records, key=lambda record: str(record["started"]))
    return Outcome(done.returncode, done.stdout, done.stderr, last)


def pushed(project: Project) -> list[Path]:
    return sorted(project.root.glob("runs/rehearsals/buckets/rehearsal/serving_models/tiny/*"))


def predictions(project: Project, model: Path) -> dict[str, list[list[float]]]:
    asked = request_rows(TINY_ROWS)[:50]
    (project.root / "asked.json").write_text(json.dumps(asked))
    script = f"{sys.executable} -c '{PREDICT}' {model} < asked.json"
    done = project.command("sh", "-c", script)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Outcome, list[Seen]]:
    """A project that knows no target, one rehearsal for Vertex AI, and what is seen meanwhile.

    While it is watched, training waits after each epoch until the dashboard has shown it.
    """
    folder = tmp_path_factory.mktemp("rehearsed")
    project, shown = copy_with_tiny(folder), folder / "shown"
    tiny = project.root / "models" / "tiny"
    with (tiny / "model.py").open("a") as file:
        file.write(CALLBACKS.replace("SHOWN", str(shown.as_posix().split("/"))))
    config = (tiny / "config.yaml").read_text()
    (tiny / "config.yaml").write_text(config.replace("{epochs: 1,", f"{{epochs: {EPOCHS},", 1))
    shown.write_text("0")
    with watching(project.root / IN_BUCKET, lambda one: shown.write_text(str(one.epochs))) as seen:
        outcome = rehearse(project)
    shown.unlink()
    return project, outcome, seen


@pytest.fixture(scope="module")
def rehearsed(watched: tuple[Project, Outcome, list[Seen]]) -> tuple[Project, Outcome]:
    """The project and the rehearsal."""
    return watched[:2]


def test_every_task_runs_down_to_the_pushed_model(rehearsed: tuple[Project, Outcome]) -> None:
    project, outcome = rehearsed
    assert outcome.status == 0, outcome.stdout + outcome.stderr
    assert set(outcome.nodes().values()) == {"done"}
    [version] = pushed(project)
    assert outcome.record["pushed_version"] == int(version.name)
    assert (version / "saved_model.pb").is_file()
    assert sum(outcome.record["rows"].values()) == TINY_ROWS
    # A rehearsal is no run: it neither shows among them nor pushes where a server looks.
    assert not project.records() and not project.versions("tiny")
    assert "compile tiny --target vertex" in outcome.stdout


def test_the_bucket_has_the_folder_of_the_run(rehearsed: tuple[Project, Outcome]) -> None:
    project, outcome = rehearsed
    folder = in_bucket(project, outcome)
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "pushed" and record["cloud"]["job"] == outcome.record["id"]
    assert {node["status"] for node in record["nodes"]} == {"done"}
    assert (folder / "code" / "models" / "tiny" / "model.py").is_file()
    assert "tfx==" in (folder / "packages.txt").read_text()
    assert "AUC" in (folder / "report.html").read_text()
    assert list(folder.glob(".neptune/offline/run__*/data-1.log"))
    account = json.loads((folder / "tasks" / "Trainer.json").read_text())
    assert account["status"] == "done" and account["outputs"]["model"]["uri"]


def test_the_dashboard_shows_it_while_it_goes_on(
    watched: tuple[Project, Outcome, list[Seen]],
) -> None:
    *_, seen = watched
    for before, after in itertools.pairwise(seen):
        assert before.done <= after.done and before.epochs <= after.epochs
        assert before.logged <= after.logged
    going = [one for one in seen if one.status == "running"]
    assert len({one.done for one in going}) >= 5
    training = [one for one in going if one.running == {"Trainer"}]
    assert {*range(1, EPOCHS)} <= {one.epochs for one in training}
    assert {*range(1, EPOCHS)} <= {one.logged for one in training}


@pytest.fixture(scope="module")
def local_run(rehearsed: tuple[Project, Outcome]) -> Outcome:
    """A run of the same on this machine, with a tracker beside it."""
    return rehearsed[0].run("tiny", tracked=True)


def test_it_comes_to_what_a_local_run_comes_to(
    rehearsed: tuple[Project, Outcome], local_run: Outcome
) -> None:
    """The same predictions, and the same record, number by number."""
    project, outcome = rehearsed
    assert local_run.status == 0
    [local], [version] = project.versions("tiny"), pushed(project)
    assert predictions(project, version) == predictions(project, local)
    here, there = project.run_folder(local_run), in_bucket(project, outcome)
    for name, differing in (("run.json", OF_A_RUN), ("details.json", {"run"})):
        one, other = (comparable(folder / name, differing) for folder in (here, there))
        assert one == other


def test_what_the_models_code_logs_is_in_both_records(
    rehearsed: tuple[Project, Outcome], local_run: Outcome
) -> None:
    """Values and images, of the final training and of each trial of the search."""
    project, outcome = rehearsed
    for folder in (project.run_folder(local_run), in_bucket(project, outcome)):
        details = json.loads((folder / "details.json").read_text())
        [loss] = [c for c in details["curves"] if (c["metric"], c["split"]) == ("loss", "train")]
        [series] = details["logged"]["series"]
        expected = [[epoch, 2 * value] for epoch, value in enumerate(loss["values"], 1)]
        assert (series["name"], series["points"]) == ("twice the loss", expected)
        trials = {trial["number"] for trial in details["trials"]}
        assert {s["trial"] for s in details["logged_in_trials"]["series"]} == trials and trials
        written = neptune_files.read(folder)
        assert written.series["training/logged/twice the loss"] == [value for _, value in expected]
        assert {f"tuner/trials/{trial}/logged/twice the loss" for trial in trials} <= {
            *written.series
        }
        images = {f"training/images/units/{epoch}" for epoch in range(1, EPOCHS + 1)}
        images |= {f"tuner/trials/{trial}/images/units/1" for trial in trials}
        assert images == {path for path in written.files if "/images/" in path}
        assert all(written.files[path].read_bytes().startswith(b"\x89PNG") for path in images)
        shown = neptune.read(folder)
        assert "training/logged/twice the loss" in json.dumps(shown)


def in_bucket(project: Project, outcome: Outcome) -> Path:
    return project.root / IN_BUCKET / str(outcome.record["id"])


OF_A_RUN = {
    *("number", "id", "started", "finished", "cloud", "pushed_version", "pushed_to", "pushing"),
}


def comparable(path: Path, differing: set[str]) -> dict[str, Any]:
    """A record without what is another thing for each run: names, times, and why a node ran."""
    found: dict[str, Any] = json.loads(path.read_text())
    for node in found.get("nodes", ()):
        for key in ("started", "seconds", "why"):
            del node[key]
    for trial in found.get("trials", ()):
        assert trial.pop("seconds") > 0  # Told while the search went on.
    if found.get("trained"):
        # The names of temporary files are in the export.
        assert found["trained"].pop("bytes") > 0
    return {key: value for key, value in found.items() if key not in differing}


@pytest.mark.parametrize("target", ["vertex", "kfp"])
def test_a_refused_model_was_compared_and_is_not_pushed(
    rehearsed: tuple[Project, Outcome], target: str
) -> None:
    project, first = rehearsed
    before = pushed(project)
    outcome = rehearse(project, "--target", target, "--set", OUT_OF_REACH)
    assert outcome.status == 3, outcome.stdout + outcome.stderr
    if target == "vertex":
        ran = {name for name, status in outcome.nodes().items() if status == "done"}
        assert ran == {"Resolver", "Evaluator", "ReferenceProfile", "Pusher"}
    [auc] = [m for m in outcome.record["metrics"] if m["slice"] == "overall"]
    [blessed] = [m for m in first.record["metrics"] if m["slice"] == "overall"]
    assert auc["baseline"] == pytest.approx(blessed["value"])
    assert [refusal["metric"] for refusal in outcome.record["refusals"]] == ["AUC"]
    assert pushed(project) == before


def test_what_would_fail_in_the_cluster_is_told(rehearsed: tuple[Project, Outcome]) -> None:
    """Code that reads a file of the tree, by a path that only running it shows."""
    project, _ = rehearsed
    model = project.root / "models" / "tiny" / "model.py"
    text = model.read_text()
    model.write_text(text + "\nfrom pathlib import Path\nPath('pyproject' + '.toml').read_text()\n")
    try:
        outcome = rehearse(project)
    finally:
        model.write_text(text)
    assert outcome.status == 1
    assert outcome.record["failure"]["node"] == "Tuner"
    assert "models/tiny/model.py" in outcome.record["failure"]["headline"]
    assert "No such file or directory: 'pyproject.toml'" in outcome.stdout
    for file in ("executor_input.json", "log.txt"):
        path = f"runs/rehearsals/{outcome.record['id']}/tasks/Tuner/{file}"
        assert path in outcome.stdout
        assert (project.root / path).is_file()
    assert "Traceback" not in outcome.stdout
