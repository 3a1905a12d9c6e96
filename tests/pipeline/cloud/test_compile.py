"""The compiled specification: that both blessings and the baseline are wired, and nothing loose."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from kfp import components as kfp_components

from components import code_bundle
from pipeline import nodes
from pipeline.cloud import compile, spec_check
from pipeline.cloud.platforms.vertex import VertexAI
from pipeline.cloud.rehearsal import drivers
from pipeline.cloud.rehearsal import specification as rehearsed
from pipeline.cloud.rehearsal.bucket import StandIn
from pipeline.config import loading, project
from pipeline.config.target_schema import Beam, Machine
from tests.helpers.paths import ROOT
from tests.pipeline.cloud.specifications import (
    IMAGE,
    compiled,
    containers,
    settings,
    tasks,
)

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


def test_every_node_is_there(specification: dict[str, Any]) -> None:
    found = set(tasks(specification))
    resolvers = {name for name in found if name.startswith(nodes.RESOLVER)}
    expected = set(nodes.of_model("taxi", loading.load("taxi")))
    assert found - resolvers == expected - {nodes.RESOLVER}
    assert resolvers


def test_the_pusher_takes_both_blessings_and_the_evaluator_the_baseline(
    specification: dict[str, Any],
) -> None:
    of = tasks(specification)

    def source(task: str, key: str) -> tuple[str, str]:
        output = of[task]["inputs"]["artifacts"][key]["taskOutputArtifact"]
        return output["producerTask"], output["outputArtifactKey"]

    assert source("Pusher", "model_blessing") == ("Evaluator", "blessing")
    assert source("Pusher", "infra_blessing") == ("ServingCheck", "blessing")
    assert source("Pusher", "model") == source("Evaluator", "model") == ("Trainer", "model")
    resolver, key = source("Evaluator", "baseline_model")
    assert key == "model" and resolver in ("Resolver", "Resolver-model-resolver")
    if resolver != "Resolver":
        assert source(resolver, "input") == ("Resolver-model-blessing-resolver", "model_blessing")


def test_only_vertex_has_resolver_tasks(specifications: dict[str, dict[str, Any]]) -> None:
    for target, specification in specifications.items():
        executors = specification["deploymentSpec"]["executors"].values()
        assert any("resolver" in executor for executor in executors) == (target == "vertex")


def test_images_are_named_by_content(specification: dict[str, Any]) -> None:
    assert {container["image"] for container in containers(specification).values()} == {IMAGE}
    assert "latest" not in json.dumps(specification["deploymentSpec"])


def test_nothing_of_this_machine_is_in_it(specification: dict[str, Any]) -> None:
    text = json.dumps(specification)
    for folder in (project.ROOT, Path.home(), "/tmp"):
        assert str(folder) not in text
    assert "sqlite" not in text and "metadata.db" not in text
    assert specification["defaultPipelineRoot"].endswith("/runs/taxi")
    source = json.loads(spec_check.constant(specification, "ExampleGen", "source"))
    assert (source["root"], source["pattern"]) == ("gs://b", "data/taxi/*.csv")


def test_the_kfp_sdk_loads_it(specification: dict[str, Any]) -> None:
    loaded = kfp_components.load_component_from_text(yaml.safe_dump(specification))
    assert loaded.name == "taxi"
    assert set(loaded.pipeline_spec.root.dag.tasks) == {"tfx-dag", "RunRecord"}
    within = loaded.pipeline_spec.components["tfx-dag"].dag.tasks
    assert set(within) == set(tasks(specification))


@pytest.mark.slow
def test_the_vertex_sdk_loads_it(specifications: dict[str, Any], tmp_path: Path) -> None:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import aiplatform

    job = {"pipelineSpec": specifications["vertex"], "runtimeConfig": {}}
    compile.write(job, tmp_path / "taxi.yaml", settings("kfp"))
    loaded = aiplatform.PipelineJob(
        display_name="taxi",
        template_path=str(tmp_path / "taxi.yaml"),
        pipeline_root="gs://b/runs",
        project="p",
        location="europe-west4",
        credentials=AnonymousCredentials(),
    )
    assert loaded.job_id.startswith("taxi-")


def test_every_node_has_a_machine_a_time_and_tries(
    specification: dict[str, Any],
) -> None:
    for name, container in containers(specification).items():
        assert container["resources"]["cpuLimit"] > 0, name
        assert container["resources"]["memoryLimit"] > 0, name
        assert {"name": "PIPELINE_TIMEOUT_MINUTES", "value": "1440"} in container["env"], name
    for name, task in tasks(specification).items():
        gate = name in ("DataGate", "ServingCheck")  # What they find no second try changes.
        assert ("retryPolicy" in task) is not gate, name


def test_training_has_a_machine_of_its_own(specifications: dict[str, dict[str, Any]]) -> None:
    found = containers(specifications["vertex"])
    own = {"cpuLimit": 8.0, "memoryLimit": 30.0, "accelerator": {"type": "T4", "count": "1"}}
    every = {"cpuLimit": 4.0, "memoryLimit": 16.0}
    for name, container in found.items():
        assert container["resources"] == (own if name in ("Tuner", "Trainer") else every), name


def test_each_node_has_exactly_its_code(tmp_path: Path) -> None:
    output = tmp_path / "job.yaml"
    bundles = compile.compile_to(output, "taxi", loading.load("taxi"), settings("vertex"))
    specification = yaml.safe_load(output.read_text())
    for name, container in containers(specification).items():
        told = [one for one in container["args"] if one.startswith("--pipeline_code")]
        address = f"gs://b/folder/modules/{bundles[name].name}" if name in bundles else None
        assert told == ([f"--pipeline_code={address}"] if address else []), name
    assert set(bundles) == {
        "ExampleGen", "StatisticsGen", "SchemaGen", "FrozenSchema", "ExampleValidator", "DataGate",
        "Transform", "Tuner", "Trainer", "Evaluator", "ServingCheck", "ReferenceProfile", "Pusher",
        "RunRecord", "plan",
    }  # fmt: skip

    def files(node: str) -> set[str]:
        with zipfile.ZipFile(io.BytesIO(bundles[node].content)) as archive:
            return set(archive.namelist())

    assert "models/taxi/preprocessing.py" in files("Transform")
    assert "models/taxi/model.py" in files("Trainer") & files("Tuner")
    assert "models/taxi/model.py" not in files("Transform")
    assert "models/taxi/search_space.py" in files("Tuner") - files("Trainer")
    assert "models/common/loaded_model.py" in files("ServingCheck")
    assert not any(name.startswith("models/taxi/") for name in files("ServingCheck"))


def caching(specification: dict[str, Any]) -> set[str]:
    return {name for name, task in tasks(specification).items() if "cachingOptions" not in task}


def test_data_that_nobody_has_looked_at_is_read_each_time(
    specifications: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    assert "ExampleGen" in caching(specifications["vertex"])
    known = compiled(tmp_path, data_hash="abc")
    assert "ExampleGen" not in caching(known)
    assert spec_check.constant(known, "ExampleGen", "data_hash") == "abc"


def test_a_clusters_baseline_is_looked_up_each_time(
    specifications: dict[str, dict[str, Any]],
) -> None:
    assert caching(specifications["kfp"]) == {"ExampleGen", "Resolver"}


def test_compiling_twice_gives_the_same(
    specifications: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    assert compiled(tmp_path) == specifications["vertex"]


def test_beam_arguments_of_the_target_win(tmp_path: Path) -> None:
    where = settings("vertex", beam=Beam(args=("--runner=FlinkRunner", "--flink_master=f")))
    args = containers(compiled(tmp_path, where=where))["StatisticsGen"]["args"]
    assert "--runner=FlinkRunner" in args and "--flink_master=f" in args
    assert "--runner=FnApiRunner" not in args


@pytest.mark.slow
def test_a_vertex_endpoint_is_pushed_to(tmp_path: Path) -> None:
    endpoint = {"name": "tips", "image": "r/serving:2.19", "replicas": 2}
    vertex = {**settings("vertex").model_dump(), "endpoint": endpoint}
    where = VertexAI.model_validate(vertex)
    specification = compiled(tmp_path, where=where)
    pusher = containers(specification)["Pusher"]["args"]
    assert "tfx.extensions.google_cloud_ai_platform.pusher.executor.Executor" in pusher
    arguments = json.loads(spec_check.constant(specification, "Pusher", "custom_config"))
    assert arguments["ai_platform_vertex_region"] == "r"
    assert arguments["ai_platform_vertex_container_image_uri"] == "r/serving:2.19"
    assert arguments["ai_platform_serving_args"] == {
        "project_id": "p", "endpoint_name": "tips", "machine_type": "n1-standard-4",
        "min_replica_count": 2,
    }  # fmt: skip


def test_what_is_no_verdict_is_tried_again(tmp_path: Path) -> None:
    found = tasks(compiled(tmp_path, "kfp", where=settings("kfp", retries=3)))
    without = {name for name, task in found.items() if "retryPolicy" not in task}
    assert without == {"DataGate", "ServingCheck"}
    assert found["Trainer"]["retryPolicy"] == {
        "maxRetryCount": 3,
        "backoffDuration": "30s",
        "backoffFactor": 2.0,
        "backoffMaxDuration": "600s",
    }
    none = tasks(compiled(tmp_path, "kfp", where=settings("kfp", retries=0)))
    assert not any("retryPolicy" in task for task in none.values())


def test_every_container_has_the_variables_and_only_training_the_requests(tmp_path: Path) -> None:
    machine = Machine(cpus=8, requested_cpus=2, requested_memory_gb=4)
    where = settings("kfp", variables={"AWS_ENDPOINT_URL": "http://minio:9000"}, training=machine)
    for name, container in containers(compiled(tmp_path, "kfp", where=where)).items():
        assert {"name": "AWS_ENDPOINT_URL", "value": "http://minio:9000"} in container["env"]
        if name in ("Tuner", "Trainer"):
            assert container["resources"] == {
                "cpuLimit": 8.0, "cpuRequest": 2.0, "memoryLimit": 16.0, "memoryRequest": 4.0,
            }  # fmt: skip
        else:
            assert container["resources"] == {
                "cpuLimit": 4.0, "cpuRequest": 0.5, "memoryLimit": 16.0, "memoryRequest": 2.0,
            }  # fmt: skip


def test_no_request_is_above_the_limit_of_training(tmp_path: Path) -> None:
    where = settings("kfp", training=Machine(memory_gb=1))
    trainer = containers(compiled(tmp_path, "kfp", where=where))["Trainer"]
    assert trainer["resources"] == {"cpuLimit": 4.0, "cpuRequest": 0.5, "memoryLimit": 1.0}


def test_kubeflow_reads_both_documents(tmp_path: Path) -> None:
    output = tmp_path / "taxi.yaml"
    where = settings("kfp", node_selector={"pool": "cpu"})
    compile.compile_to(output, "taxi", loading.load("taxi"), where)
    specification, beside = yaml.safe_load_all(output.read_text())
    executors = beside["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert executors.keys() == specification["deploymentSpec"]["executors"].keys()


EDITS: dict[str, set[str]] = {
    "models/taxi/preprocessing.py": {"Transform"},
    "models/taxi/model.py": {"Tuner", "Trainer"},
    "models/taxi/search_space.py": {"Tuner"},
    "models/common/training.py": {"Tuner", "Trainer"},
    "models/common/loaded_model.py": {"ServingCheck", "ReferenceProfile"},
    "models/common/errors.py": set(),
}
"""Files, and the nodes whose bundles hold them; an empty set stands for all that have one."""


@pytest.mark.slow
@pytest.mark.parametrize("file", EDITS)
def test_an_edit_is_in_the_cache_key_of_the_nodes_that_it_concerns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    """As Kubeflow and Vertex AI compute it, from the container that the compiler makes."""
    packed = code_bundle.pack

    def keys(edited: bool) -> dict[tuple[str, str], str]:
        def pack(files: list[Path]) -> code_bundle.Bundle:
            bundle = packed(files)
            touched = edited and ROOT / file in files
            return code_bundle.Bundle(bundle.content + b"edited") if touched else bundle

        monkeypatch.setattr(compile, "pack", pack)
        output = tmp_path / f"{edited}.json"
        compile.compile_to(output, "taxi", loading.load("taxi"), settings("kfp"))
        specification = rehearsed.read(output)
        given: dict[str, Any] = {
            "inputs": {"artifacts": {}, "parameterValues": {}},
            "outputs": {"artifacts": {}},
        }
        return {
            (driver, name): drivers.find(driver)(
                specification, StandIn(tmp_path), "job"
            ).fingerprint(one, given)
            for driver in ("kubeflow", "vertex_ai")
            for name, one in specification.tasks.items()
        }

    before, after = keys(edited=False), keys(edited=True)
    expected = EDITS[file] or {
        name
        for _, name in before
        if any("--pipeline_code" in one for one in _arguments(tmp_path / "True.json", name))
    }
    for driver in ("kubeflow", "vertex_ai"):
        seen = {
            name for one, name in before if one == driver and before[one, name] != after[one, name]
        }
        assert seen == expected, driver


def _arguments(output: Path, name: str) -> list[str]:
    specification = json.loads(output.read_text())["pipelineSpec"]
    return containers(specification)[name]["args"]


def test_the_last_task_runs_however_the_others_end(specification: dict[str, Any]) -> None:
    task = specification["root"]["dag"]["tasks"]["RunRecord"]
    assert task["triggerPolicy"] == {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
    assert task["dependentTasks"] == ["tfx-dag"] and "cachingOptions" not in task
    given = task["inputs"]["parameters"]
    assert given["final_status"] == {"taskFinalStatus": {"producerTask": "tfx-dag"}}
    runs = given["runs"]["runtimeValue"]["constant"]
    assert specification["defaultPipelineRoot"] == f"{runs}/taxi"
    assert given["plan"]["runtimeValue"]["constant"].startswith(f"{runs.removesuffix('/runs')}/")
    own = containers(specification)["RunRecord"]
    assert own["args"][1:] == ["--pipeline_exit", "--json_serialized_invocation_args", "{{$}}"]
    assert own["image"] == IMAGE and own["resources"]


def test_each_task_knows_where_to_tell_of_itself(specification: dict[str, Any]) -> None:
    for name, container in containers(specification).items():
        told = [one for one in container["args"] if one.startswith("--pipeline_account=")]
        assert len(told) == (name != "RunRecord")
        for text in told:
            place = json.loads(text.partition("=")[2])
            assert place["task"] == name and place["model"] == "taxi"
