from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis.strategies import text
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from mlflow.utils import validation

from models.common.errors import RunError
from pipeline.record import run_details, run_record
from pipeline.record.run_details import RunDetails
from pipeline.tracking import mlflow_export
from tests.helpers import bad_servers
from tests.pipeline.fake_run import finished, queued

pytestmark = pytest.mark.slow

PNG = b"\x89PNG\r\n\x1a\n"
STORIES = ["pushed", "not_blessed", "stopped", "failed", "interrupted"]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A run of each ending, one of another model, one that goes on, and one nobody can read."""
    runs = tmp_path / "runs"
    for hour, story in enumerate([*STORIES, "other"]):
        record = finished("pushed" if story == "other" else story)
        record.id = f"taxi-20260102-{hour:02d}0000-4f2a"
        record.started -= timedelta(hours=10 - hour)
        record.hyperparameters = {"units": 64}
        if story == "other":
            record.model = "houses"
        run_record.write(record, runs)
        details = RunDetails(run=record.id)
        run_details.add_epoch(details, {"loss": 0.5, "val_loss": 0.75})
        run_details.add_epoch(details, {"loss": 0.25, "val_loss": float("nan")})
        run_details.set_logged(details, "training", logged(None))
        run_details.set_logged(details, "tuning", logged(2))
        run_details.write(details, runs)
        report = runs / record.id / "report.html"
        report.write_text(f"<p>{story}</p>")
    run_record.write(queued("taxi-20260103-000000-aaaa"), runs)
    (runs / "taxi-20260104-000000-bbbb").mkdir()
    (runs / "taxi-20260104-000000-bbbb/run.json").write_text("{")
    return runs


def logged(trial: int | None) -> dict[str, Any]:
    """What a model's code has logged, as it is told."""
    image = {"name": "layer 1: weights", "step": 3, "png": base64.b64encode(PNG).decode()}
    points = [(0, 0.5), (1.0, None), (2.0, 0.125)]
    series = {"name": "norm of gradients", "logged": 3, "points": points}
    return {"series": [{**series, "trial": trial}], "images": [{**image, "trial": trial}]}


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store/mlflow.db"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()


def of(uri: str, model: str) -> dict[str, Run]:
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(model)
    assert experiment is not None
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def test_every_ended_run_is_written_once(runs: Path, uri: str) -> None:
    first = mlflow_export.export(uri, runs=runs)
    assert len(first.written) == 6 and len(first.running) == len(first.unreadable) == 1
    second = mlflow_export.export(uri, runs=runs)
    assert second.written == [] and second.there_already == first.written
    assert len(of(uri, "taxi")) == 5 and len(of(uri, "houses")) == 1
    statuses = [run.info.status for _, run in sorted(of(uri, "taxi").items())]
    assert statuses == ["FINISHED", "FINISHED", "FINISHED", "FAILED", "KILLED"]


def test_what_a_run_has(runs: Path, uri: str) -> None:
    mlflow_export.export(uri, runs=runs)
    record = run_record.read("taxi-20260102-000000-4f2a", runs)
    run = of(uri, "taxi")[record.id]
    assert run.data.params["hyperparameters.units"] == "64"
    assert run.data.params["config.training.epochs"] == str(record.config.training.epochs)
    assert run.data.tags["status"] == "pushed" and run.data.tags["blessed"] == "True"
    for found in record.metrics:
        name = found.metric
        if found.slice != "overall":
            name += "/" + found.slice.replace("=", ":")
        assert run.data.metrics.get(name) == found.value
    assert run.data.metrics["rows/train"] == record.rows["train"]
    assert run.info.start_time == int(record.started.timestamp() * 1000)
    client = MlflowClient(tracking_uri=uri)
    curve = client.get_metric_history(run.info.run_id, "training/train/loss")
    assert [(point.step, point.value) for point in curve] == [(1, 0.5), (2, 0.25)]
    curve = client.get_metric_history(run.info.run_id, "training/eval/loss")
    assert [(point.step, point.value) for point in curve] == [(1, 0.75)]
    report = client.download_artifacts(run.info.run_id, "report.html")
    assert Path(report).read_text() == "<p>pushed</p>"
    assert json.loads(Path(client.download_artifacts(run.info.run_id, "run.json")).read_text())


@pytest.mark.parametrize("place", ["logged", "logged/trial 2"])
def test_what_the_models_code_has_logged(runs: Path, uri: str, place: str) -> None:
    mlflow_export.export(uri, runs=runs)
    run_id = of(uri, "taxi")["taxi-20260102-000000-4f2a"].info.run_id
    client = MlflowClient(tracking_uri=uri)
    series = client.get_metric_history(run_id, f"{place}/norm of gradients")
    assert [(point.step, point.value) for point in series] == [(0, 0.5), (2, 0.125)]
    image = client.download_artifacts(run_id, f"{place}/layer 1: weights/3.png")
    assert Path(image).read_bytes() == PNG


@given(text())
@example("a/../b")
@example("../..")
@example("/x//y/")
@example("payment=Ünï\n" * 40)
def test_mlflow_takes_every_name(name: str) -> None:
    found = mlflow_export._name(f"logged/{name}")
    validation._validate_metric_name(found)  # type: ignore[no-untyped-call]


def test_a_run_that_was_cut_off_is_written_anew(
    runs: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "set_terminated", cut_off)
        with pytest.raises(KeyboardInterrupt):
            mlflow_export.export(uri, runs=runs)
    assert len(mlflow_export.export(uri, runs=runs).written) == 6
    assert len(of(uri, "taxi")) == 5


def test_only_one_model(runs: Path, uri: str) -> None:
    assert len(mlflow_export.export(uri, "houses", runs).written) == 1


@pytest.mark.parametrize("uri", ["nonsense://x", "http://127.0.0.1:9"])
def test_a_store_that_is_none(runs: Path, uri: str) -> None:
    with pytest.raises(RunError, match="cannot be written") as caught:
        mlflow_export.export(uri, runs=runs)
    assert uri in caught.value.headline and "--to" in caught.value.remedy


@pytest.mark.parametrize("kind", sorted(bad_servers.SERVERS.keys() - bad_servers.SLOW))
def test_a_server_that_is_none(runs: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with (
        bad_servers.SERVERS[kind]() as address,
        pytest.raises(RunError, match="cannot be written") as told,
    ):
        mlflow_export.export(address, runs=runs)
    assert address in told.value.headline and told.value.detail


def test_a_server_that_forgets_is_told(
    runs: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = MlflowClient.get_run

    def forgotten(self: MlflowClient, run_id: str) -> Run:
        found = other(self, run_id)
        found.data.tags.clear()
        return found

    monkeypatch.setattr(MlflowClient, "get_run", forgotten)
    with pytest.raises(RunError, match="does not know the run"):
        mlflow_export.export(uri, runs=runs)
