"""Where a task's artifacts are on its own disk, and what its launcher is told of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cloud.task import staging
from pipeline.cloud.task.staging import Staging
from tests.helpers.s3 import S3

pytestmark = pytest.mark.tfx

SCHEMES = {"s3": "s3", "gs": "gcs", "minio": "minio"}


def given(task: str, output_file: str, **inputs: str) -> dict[str, Any]:
    """A task with these inputs and the output `model`."""
    return {
        "inputs": {
            "artifacts": {key: {"artifacts": [{"uri": uri}]} for key, uri in inputs.items()}
        },
        "outputs": {
            "artifacts": {"model": {"artifacts": [{"uri": f"{task}/model"}]}},
            "outputFile": output_file,
        },
    }


def uri(executor_input: dict[str, Any], side: str, key: str) -> str:
    return executor_input[side]["artifacts"][key]["artifacts"][0]["uri"]


def launched(folder: Path, scheme: str) -> tuple[dict[str, Any], Path]:
    """A task whose launcher keeps its copies in a folder, with one input; and its own folder."""
    local = folder / SCHEMES[scheme] / "b" / "runs" / "Trainer" / "7"
    local.mkdir(parents=True)
    examples = folder / SCHEMES[scheme] / "b" / "runs" / "ExampleGen" / "examples"
    examples.mkdir(parents=True)
    (examples / "rows").write_text("rows")
    file = str(local / "output_metadata.json")
    return given(
        f"{scheme}://b/runs/Trainer/7", file, examples=f"{scheme}://b/runs/ExampleGen/examples"
    ), local


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_launchers_copies_are_used_and_its_addresses_told(tmp_path: Path, scheme: str) -> None:
    executor_input, local = launched(tmp_path, scheme)
    assert staging.applies(executor_input)
    staged = Staging(executor_input)
    seen = staged.local()
    assert Path(uri(seen, "inputs", "examples"), "rows").read_text() == "rows"
    assert uri(seen, "outputs", "model") == str(local / "model")
    told = {
        "artifacts": {
            "model": {
                "artifacts": [
                    {
                        "uri": uri(seen, "outputs", "model"),
                        "metadata": {
                            "current": uri(seen, "inputs", "examples"),
                            "near": f"{uri(seen, 'outputs', 'model')}/not the artifact itself",
                        },
                    }
                ]
            }
        }
    }
    Path(executor_input["outputs"]["outputFile"]).write_text(json.dumps(told))
    staged.publish()
    text = Path(executor_input["outputs"]["outputFile"]).read_text()
    assert f'"{scheme}://b/runs/Trainer/7/model"' in text
    assert f'"current": "{scheme}://b/runs/ExampleGen/examples"' in text


def test_the_input_of_a_model_without_a_baseline_is_an_empty_place(tmp_path: Path) -> None:
    executor_input, _ = launched(tmp_path, "s3")
    nothing = {"artifacts": [{"uri": "s3://b/runs/Resolver/model"}]}
    executor_input["inputs"]["artifacts"]["baseline_model"] = nothing
    assert not Path(uri(Staging(executor_input).local(), "inputs", "baseline_model")).exists()


@pytest.mark.parametrize(
    ("output_file", "address"),
    [
        ("gs://b/runs/1/executor_output.json", "gs://b/runs/1"),  # Vertex AI
        ("/folder/executor_output.json", "/folder"),  # a rehearsal of Vertex AI
    ],
)
def test_without_a_launcher_nothing_is_staged(output_file: str, address: str) -> None:
    assert not staging.applies(given(address, output_file, examples=f"{address}/examples"))


@pytest.mark.parametrize(
    "output_file", ["/tmp/kfp_outputs/output_metadata.json", "/tmp/kfp/outputs/x.json"]
)
def test_an_older_kubeflow_keeps_its_copies_below_the_root(output_file: str) -> None:
    # Its file is elsewhere; nothing is made here, as there is no such folder.
    executor_input = given("s3://b/runs/7", output_file)
    assert Staging(executor_input)._root() == ""


def test_a_task_that_is_run_by_hand_reads_and_writes_the_store(tmp_path: Path, s3: S3) -> None:
    s3.put("runs/ExampleGen/examples/train/rows", b"rows")
    file = tmp_path / "s3" / s3.bucket / "runs" / "Trainer" / "7" / "output_metadata.json"
    executor_input = given(
        f"s3://{s3.bucket}/runs/Trainer/7",
        str(file),
        examples=f"s3://{s3.bucket}/runs/ExampleGen/examples",
    )
    staged = Staging(executor_input)
    seen = staged.local()
    assert Path(uri(seen, "inputs", "examples"), "train", "rows").read_bytes() == b"rows"
    model = Path(uri(seen, "outputs", "model"))
    model.mkdir()
    (model / "saved_model.pb").write_bytes(b"model")
    file.write_text("{}")
    staged.publish()
    assert s3.get("runs/Trainer/7/model/saved_model.pb") == b"model"


def test_with_workers_elsewhere_artifacts_stay_in_the_store(tmp_path: Path) -> None:
    store = tmp_path / "store"
    (store / "7").mkdir(parents=True)
    place = tmp_path / "gcs" / "b" / "output_metadata.json"
    executor_input = given(str(store / "7"), str(place), examples="gs://b/examples")
    in_place = staging.InPlace(executor_input)
    seen = in_place.local()
    assert uri(seen, "inputs", "examples") == "gs://b/examples"
    told = Path(seen["outputs"]["outputFile"])
    assert told == store / "7" / "executor_output.json"
    told.write_text('{"a": 1}')
    in_place.publish()
    assert place.read_text() == '{"a": 1}'
