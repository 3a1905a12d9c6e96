"""The commands that change and show what is served, as a person types them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from serving.commands import routing
from serving.commands.main import command_line
from serving.core.errors import ServingError
from serving.core.hooks import Outcome
from serving.model import models_config
from serving.routing import observations, state
from tests.helpers import small_model

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two versions of `taxi`, one of them pushed by a run that is known."""
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    signature = saved.meta_graphs.add().signature_def["serving_default"]
    signature.method_name = "tensorflow/serving/predict"
    signature.inputs["fare"].dtype = 1
    signature.inputs["fare"].tensor_shape.dim.add(size=-1)
    signature.outputs["outputs"].tensor_shape.unknown_rank = True
    for version in (1, 2):
        path = tmp_path / "serving_models" / "taxi" / str(version)
        path.mkdir(parents=True)
        (path / "saved_model.pb").write_bytes(saved.SerializeToString())
    run = {
        "id": "taxi-20261121-120238-4e9b",
        "finished": "2026-11-21T12:05:00Z",
        "pushed_to": "/elsewhere/serving_models/taxi/2",
        "code": {"commit": "abc", "dirty": True},
        "data": {"hash": "24c2114c9ebd"},
        "metrics": [
            {"metric": "AUC", "slice": "overall", "value": 0.957},
            {"metric": "AUC", "slice": "payment_type=Cash", "value": None},
        ],
    }
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "run.json").write_text(json.dumps(run))
    (tmp_path / "runs" / "b").mkdir()
    (tmp_path / "runs" / "b" / "run.json").write_text("{half a fi")
    monkeypatch.chdir(tmp_path)
    # These are versions by name alone; whether one answers is tried with real ones below.
    monkeypatch.setattr(routing, "check_answers", lambda version, path: None)
    return tmp_path


def call(*words: str, expect: int = 0) -> Result:
    result = CliRunner().invoke(command_line(), words)
    assert result.exit_code == expect, (result.output, result.exception)
    return result


def records() -> dict[int, Any]:
    return {item["number"]: item for item in json.loads(call("versions", "--json").output)}


def test_a_version_is_known_by_its_run(project: Path) -> None:
    first, second = records()[1], records()[2]
    assert first["run"] is None
    assert second["run"] == {
        "id": "taxi-20261121-120238-4e9b",
        "finished": "2026-11-21T12:05:00Z",
        "commit": "abc+",
        "data_hash": "24c2114c9ebd",
        "metrics": {"AUC": 0.957},
    }
    signature = second["signatures"]["serving_default"]
    assert signature["inputs"] == {"fare": {"dtype": "DT_FLOAT", "shape": [-1]}}
    assert signature["outputs"] == {"outputs": {"dtype": "DT_INVALID", "shape": None}}
    folder = project / "serving_models" / "taxi"
    assert second["size"] == (folder / "2" / "saved_model.pb").stat().st_size
    assert json.loads((folder / "2.json").read_text())["run"] == second["run"]
    shown = call("versions").output
    assert "AUC=0.957" in shown and "24c2114c" in shown and "unknown" in shown


def test_a_canary_is_promoted_and_rolled_back_on_the_record(project: Path) -> None:
    assert "version 2 is the canary, with 20%" in call("canary", "taxi", "--share", "0.2").output
    assert {n: (r["labels"], r["share"]) for n, r in records().items()} == {
        1: (["stable"], 0.8), 2: (["canary"], 0.2),
    }  # fmt: skip
    call("promote", "taxi", "--why", "it is better")
    assert {n: (r["labels"], r["share"]) for n, r in records().items()} == {
        1: ([], 0.0), 2: (["stable"], 1.0),
    }  # fmt: skip
    promoted = records()[2]["promotions"]
    assert [item["action"] for item in promoted] == ["canary", "promote"]
    assert promoted[1]["why"] == "it is better" and promoted[1]["by"]
    assert "promote by" in call("versions", "taxi").output
    assert (
        "version 1 is stable; 2 gets no traffic"
        in call("promote", "taxi", "1").output
        + call("promote", "taxi", "2").output
        + call("rollback", "taxi").output
    )


def test_a_route_is_shown_and_changed(project: Path) -> None:
    call("canary", "taxi")
    shown = call("route", "taxi", "--share", "0.5", "--no-sticky", "--error-rate", "0.1").output
    assert "stable: 1  canary: 2" in shown and "canary_share: 0.5" in shown
    route = state.read(project / "serving_models").of("taxi")
    assert (route.sticky, route.rollback.error_rate) == (False, 0.1)


def test_compare_ends_with_what_it_found(project: Path) -> None:
    call("canary", "taxi")
    folder = project / "serving_models"
    assert "Too early to say" in call("compare", "taxi", expect=3).output
    seen = observations.Observations()
    seen.begin("taxi", state.read(folder).of("taxi").since)
    random = np.random.default_rng(5)
    for number in range(200):
        for version, variant in ((1, "stable"), (2, "canary")):
            bad = variant == "canary" and number % 4 == 0
            outputs = {} if bad else {"outputs": random.random((1, 1))}
            status = 500 if bad else 200
            seen.add(Outcome("taxi", version, variant, random.random(), status, outputs))
        seen.bet("taxi", (1, "stable"), (2, "canary"), 0.5)
    seen.save(folder)
    shown = call("compare", "taxi", expect=1).output
    assert "the canary (version 2) fails more often: 25.00% of its requests" in shown
    (figures,) = json.loads(call("compare", "taxi", "--json", expect=1).output)
    significant = {d["name"]: d["significant"] for d in figures["differences"]}
    assert significant == {"errors": True, "latency": False, "outputs": False}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["promote", "taxy"], "There is no model 'taxy'; did you mean 'taxi'?"),
        (["versions", "taxy"], "did you mean 'taxi'?"),
        (["route", "taxy"], "did you mean 'taxi'?"),
        (["promote", "taxi", "5"], "'taxi' has no version 5"),
        (["compare", "taxi"], "'taxi' has no canary"),
        (["rollback", "taxi"], "no version was stable before"),
    ],
)
def test_a_mistake_is_told_in_words(project: Path, words: list[str], said: str) -> None:
    result = CliRunner().invoke(command_line(), words)
    assert isinstance(result.exception, ServingError)
    assert said in str(result.exception)
    assert not (project / "serving_models" / models_config.FILE).exists()


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    assert "Push one" in call("versions", "--models", str(tmp_path)).output


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A serving folder with three versions of a model that answers."""
    folder = tmp_path_factory.mktemp("serving")
    small_model.write(folder / "small" / "1")
    for version in ("2", "3"):
        shutil.copytree(folder / "small" / "1", folder / "small" / version)
    return folder


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no variables": lambda folder: shutil.rmtree(folder / "variables"),
    "an empty model": lambda folder: (folder / "saved_model.pb").write_bytes(b""),
    "half a model": lambda folder: os.truncate(folder / "saved_model.pb", 100),
    "no model": lambda folder: (folder / "saved_model.pb").write_text("nonsense"),
    "variables of zeros": lambda folder: [
        path.write_bytes(bytes(path.stat().st_size)) for path in folder.glob("variables/*")
    ],
    "another index": lambda folder: flip(folder / "variables" / "variables.index"),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("command", ["promote", "canary"])
def test_a_version_that_cannot_answer_gets_no_traffic(
    small: Path, tmp_path: Path, damage: str, command: str
) -> None:
    models = tmp_path / "models"
    shutil.copytree(small, models)
    options = ("--models", str(models), "--runs", str(tmp_path))
    call("promote", "small", "1", *options)
    before = models_config.read(models / models_config.FILE)
    DAMAGE[damage](models / "small" / "2")
    result = CliRunner().invoke(command_line(), [command, "small", "2", *options])
    assert isinstance(result.exception, ServingError)
    assert "Version 2 of 'small' cannot answer, so nothing was changed" in str(result.exception)
    assert models_config.read(models / models_config.FILE) == before
    call(command, "small", "3", *options)
    call(command, "small", "2", "--no-check", *options)


def test_there_is_no_way_back_to_a_version_that_cannot_answer(small: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(small, models)
    options = ("--models", str(models), "--runs", str(tmp_path))
    call("promote", "small", "1", *options)
    call("promote", "small", "2", *options)
    DAMAGE["no variables"](models / "small" / "1")
    result = CliRunner().invoke(command_line(), ["rollback", "small", *options])
    assert "Version 1 of 'small' cannot answer" in str(result.exception)
    assert models_config.read(models / models_config.FILE)["small"].labels == {"stable": 2}
