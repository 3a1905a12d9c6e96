"""The walker on small specifications whose tasks are one-line programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.common.errors import RunError
from pipeline.cloud.rehearsal import specification
from pipeline.cloud.rehearsal.bucket import StandIn
from pipeline.cloud.rehearsal.executor_input import Results
from pipeline.cloud.rehearsal.history import History, Outputs
from pipeline.cloud.rehearsal.process import TaskError
from pipeline.cloud.rehearsal.walk import Walk

PROGRAM = """
import json, os, sys
given = json.loads(sys.argv[1])
outputs = given['outputs']
made = {key: {'artifacts': [dict(found['artifacts'][0])]}
        for key, found in outputs['artifacts'].items()}
for key in made:
    del made[key]['artifacts'][0]['type']
parameters = {}
def done():
    os.makedirs(os.path.dirname(outputs['outputFile']), exist_ok=True)
    with open(outputs['outputFile'], 'w') as file:
        json.dump({'artifacts': made, 'parameterValues': parameters}, file)
"""


def container(code: str = "", **more: Any) -> dict[str, Any]:
    """An executor that runs Python code between PROGRAM and the writing of outputs."""
    program = f"{PROGRAM}\n{code}\ndone()\n"
    return {
        "container": {
            "image": "i@1",
            "command": ["python", "-c", program],
            "args": ["{{$}}"],
            **more,
        }
    }


def task(
    executor: dict[str, Any],
    outputs: str = "",
    kind: str = "tfx.Model",
    artifacts: dict[str, tuple[str, str]] | None = None,
    parameters: dict[str, Any] | None = None,
    after: tuple[str, ...] = (),
    cached: bool = False,
) -> dict[str, Any]:
    return {
        "executor": executor,
        "component": {
            "outputDefinitions": {
                "artifacts": {
                    key: {"artifactType": {"instanceSchema": f"title: {kind}\n"}}
                    for key in outputs.split()
                }
            }
        },
        "task": {
            "dependentTasks": list(after),
            "cachingOptions": {"enableCache": True} if cached else {},
            "inputs": {
                "artifacts": {
                    key: {"taskOutputArtifact": {"producerTask": one, "outputArtifactKey": output}}
                    for key, (one, output) in (artifacts or {}).items()
                },
                "parameters": parameters or {},
            },
        },
    }


class Project:
    """A folder in which specifications are walked one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.image = folder / "image"
        self.image.mkdir()
        self.job = 0
        self.events: list[str] = []

    def started(self, task: str) -> None:
        self.events.append(f"{task} started")

    def finished(self, task: str, outputs: Outputs, cached: bool) -> None:
        self.events.append(f"{task} cached" if cached else f"{task} done")

    def read(self, tasks: dict[str, Any], **root: Any) -> specification.Specification:
        spec = {
            "pipelineInfo": {"name": "p"},
            "defaultPipelineRoot": "gs://bucket/runs/p",
            "root": {"dag": {"tasks": {}}, **root},
            "components": {},
            "deploymentSpec": {"executors": {}},
        }
        for name, parts in tasks.items():
            spec["root"]["dag"]["tasks"][name] = {**parts["task"], "componentRef": {"name": name}}  # type: ignore[index]
            spec["components"][name] = {**parts["component"], "executorLabel": name}  # type: ignore[index]
            spec["deploymentSpec"]["executors"][name] = parts["executor"]  # type: ignore[index]
        path = self.folder / "specification.yaml"
        path.write_text(yaml.safe_dump(spec))
        return specification.read(path)

    def walk(self, tasks: dict[str, Any], **root: Any) -> Results:
        self.events.clear()
        self.job += 1
        return Walk(
            self.read(tasks, **root),
            StandIn(self.folder / "buckets"),
            History(self.folder / "history.jsonl", "p"),
            self.image,
            self.folder / f"tasks-{self.job}",
            f"job{self.job}",
        ).run(self)

    def given(self, name: str) -> dict[str, Any]:
        """The latest executor input of a task."""
        path = self.folder / f"tasks-{self.job}" / name / "executor_input.json"
        return json.loads(path.read_text())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def constant(value: Any) -> dict[str, Any]:
    return {"runtimeValue": {"constant": value}}


def test_a_task_gets_what_those_before_it_made(project: Project) -> None:
    made = "open(made['x']['artifacts'][0]['uri'] + '/file', 'w').write('hello')"
    read = (
        "[artifact] = given['inputs']['artifacts']['y']['artifacts']\n"
        "parameters['said'] = open(artifact['uri'] + '/file').read()"
    )
    results = project.walk(
        {
            "Reader": task(container(read), artifacts={"y": ("Writer", "x")}),
            "Writer": task(container(made), "x"),
        }
    )
    assert results.parameters["Reader"] == {"said": "hello"}
    assert project.events == ["Writer started", "Writer done", "Reader started", "Reader done"]
    [artifact] = results.artifacts["Writer"]["x"]
    assert artifact["uri"] == f"{project.folder}/buckets/bucket/runs/p/rehearsal/job1/Writer/x"
    assert artifact["type"] == {"instanceSchema": "title: tfx.Model\n"}


def test_parameters_come_from_where_the_specification_says(project: Project) -> None:
    results = project.walk(
        {
            "A": task(container("parameters['n'] = 3")),
            "B": task(
                container("parameters.update(given['inputs']['parameterValues'])"),
                parameters={
                    "constant": constant("gs://bucket/data/*.csv and https://example.com"),
                    "of_the_pipeline": {"componentInputParameter": "rate"},
                    "of_a_task": {
                        "taskOutputParameter": {"producerTask": "A", "outputParameterKey": "n"}
                    },
                },
            ),
        },
        inputDefinitions={"parameters": {"rate": {"defaultValue": 0.5}}},
    )
    assert results.parameters["B"] == {
        "constant": f"{project.folder}/buckets/bucket/data/*.csv and https://example.com",
        "of_the_pipeline": 0.5,
        "of_a_task": 3,
    }


def test_a_task_has_its_own_folder_and_environment_only(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_DESK", "1")
    (project.image / "in_the_image.py").write_text("X = 7")
    code = (
        "import in_the_image\n"
        "parameters.update(x=in_the_image.X, files=os.listdir('.'), home=os.environ['HOME'],"
        " cwd=os.getcwd(), own=os.environ['OWN'], desk=os.environ.get('OF_THE_DESK'))\n"
        "open('left behind', 'w')"
    )
    env = [{"name": "OWN", "value": "gs://bucket/x"}]
    results = project.walk({name: task(container(code, env=env)) for name in ("A", "B")})
    for name in ("A", "B"):
        found = results.parameters[name]
        assert (found["x"], found["files"], found["desk"]) == (7, [], None)
        assert found["home"] == found["cwd"] == f"{project.folder}/tasks-1/{name}/work"
        assert found["own"] == f"{project.folder}/buckets/bucket/x"


def test_tasks_that_need_not_wait_run_at_once(project: Project) -> None:
    meet = (
        "import pathlib, time\n"
        "mine, other = (pathlib.Path(os.environ['HOME'], '../..', one) for one in NAMES)\n"
        "mine.touch()\n"
        "end = time.time() + 20\n"
        "while not other.exists() and time.time() < end: time.sleep(0.01)\n"
        "assert other.exists()"
    )
    project.walk(
        {
            "A": task(container(meet.replace("NAMES", "('a', 'b')"))),
            "B": task(container(meet.replace("NAMES", "('b', 'a')"))),
        }
    )
    assert project.events[:2] == ["A started", "B started"]


@pytest.mark.parametrize(
    ("code", "headline", "detail"),
    [
        ("raise ValueError('no good')", "A: The run's process ended with exit status 1", "no good"),
        ("print('Error: In words\\nand more'); sys.exit(1)", "In words", "and more"),
        ("sys.exit(0)", "A ended without saying what it made", "executor_output.json"),
        ("del made['x']", "A ended without saying what it made", "KeyError: 'x'"),
        ("os.kill(os.getpid(), 9)", "A: The run's process was killed by SIGKILL", "memory"),
    ],
)
def test_a_failing_task_is_named_with_its_inputs_and_its_log(
    project: Project, code: str, headline: str, detail: str
) -> None:
    with pytest.raises(TaskError) as error:
        project.walk({"A": task(container(code), "x"), "B": task(container(), after=("A",))})
    assert error.value.task == "A" and not error.value.stopped
    assert error.value.headline.startswith(headline)
    assert detail in error.value.detail
    for name in ("executor_input.json", "log.txt"):
        assert f"tasks-1/A/{name}" in error.value.remedy
    assert "B started" not in project.events


def test_anomalous_data_is_told_apart(project: Project) -> None:
    with pytest.raises(TaskError) as error:
        project.walk({"A": task(container("print('Error: Anomalies'); sys.exit(4)"))})
    assert error.value.stopped


def test_what_may_be_cached_runs_once(project: Project) -> None:
    tasks = {
        "A": task(container(), "x", cached=True, parameters={"p": constant(1)}),
        "B": task(container(), "x", cached=True, artifacts={"y": ("A", "x")}),
        "C": task(container(), "x", artifacts={"y": ("B", "x")}),
    }
    first = project.walk(tasks)
    second = project.walk(tasks)
    assert project.events[1::2] == ["A cached", "B cached", "C done"]
    assert second.artifacts["B"] == first.artifacts["B"]

    tasks["B"]["executor"]["container"]["env"] = [{"name": "CODE", "value": "other"}]
    project.walk(tasks)
    assert project.events[1::2] == ["A cached", "B done", "C done"]

    tasks["A"]["task"]["inputs"]["parameters"]["p"] = constant(2)
    project.walk(tasks)
    assert project.events[1::2] == ["A done", "B done", "C done"]


def test_what_is_no_longer_there_is_not_taken_from_the_cache(project: Project) -> None:
    tasks = {"A": task(container(), "x", cached=True)}
    [artifact] = project.walk(tasks).artifacts["A"]["x"]
    Path(artifact["uri"]).rmdir()
    project.walk(tasks)
    assert project.events == ["A started", "A done"]


BLESSING = 'schema_title="tfx.ModelBlessing" AND state=LIVE AND metadata.blessed.number_value=1'
MODEL = (
    'schema_title="tfx.Model" AND state=LIVE AND '
    "name=\"{{$.inputs.artifacts['input'].metadata['current_model_id']}}\""
)


def resolving(blessed: int) -> dict[str, Any]:
    """A pipeline that looks for the latest blessed model, then makes and judges one."""
    judged = (
        "model = given['inputs']['artifacts']['model']['artifacts'][0]\n"
        "made['b']['artifacts'][0]['metadata'] = "
        f"{{'blessed': {blessed}, 'current_model_id': model['name']}}"
    )
    seen = "parameters['n'] = len(given['inputs']['artifacts']['baseline']['artifacts'])"

    def query(key: str, text: str) -> dict[str, Any]:
        return {"resolver": {"outputArtifactQueries": {key: {"filter": text}}}}

    return {
        "FindBlessing": task(query("found", BLESSING), "found"),
        "FindModel": task(
            query("model", MODEL), "model", artifacts={"input": ("FindBlessing", "found")}
        ),
        "Train": task(container(), "m", after=("FindModel",)),
        "Judge": task(container(judged), "b", "tfx.ModelBlessing", {"model": ("Train", "m")}),
        "Compare": task(container(seen), artifacts={"baseline": ("FindModel", "model")}),
    }


def test_a_resolver_finds_the_latest_that_was_blessed(project: Project) -> None:
    assert project.walk(resolving(1)).parameters["Compare"] == {"n": 0}
    assert project.walk(resolving(0)).parameters["Compare"] == {"n": 1}
    third = project.walk(resolving(1))
    [found] = third.artifacts["FindModel"]["model"]
    assert found["name"] == "projects/rehearsal/artifacts/job1-Train-m"


def test_an_unknown_query_is_refused(project: Project) -> None:
    query = {"resolver": {"outputArtifactQueries": {"x": {"filter": "uri LIKE 'a%'"}}}}
    with pytest.raises(RunError, match="query is not known"):
        project.walk({"A": task(query, "x")})


def test_an_importer_gives_what_is_there(project: Project) -> None:
    importer = {"importer": {"artifactUri": {"constant": "gs://bucket/x"}, "metadata": {"a": 1}}}
    with pytest.raises(RunError, match="A imports what is not there"):
        project.walk({"A": task(importer, "x")})
    (project.folder / "buckets" / "bucket" / "x").mkdir(parents=True)
    [artifact] = project.walk({"A": task(importer, "x")}).artifacts["A"]["x"]
    assert artifact["uri"] == f"{project.folder}/buckets/bucket/x"
    assert artifact["metadata"] == {"a": 1}


def test_a_placeholder_that_is_not_known_is_refused(project: Project) -> None:
    executor = container()
    executor["container"]["args"].append("{{$.pipeline_job_name}}")
    with pytest.raises(RunError, match="placeholder"):
        project.walk({"A": task(executor)})


@pytest.mark.parametrize("after", ["A", "B", "Absent"])
def test_tasks_that_can_never_start_are_refused(project: Project, after: str) -> None:
    tasks = {"A": task(container(), after=(after,)), "B": task(container(), after=("A",))}
    with pytest.raises(RunError, match="can never start"):
        project.walk(tasks)
    assert not project.events


def test_the_walker_needs_no_tfx() -> None:
    program = (
        "import sys, pipeline.cloud.rehearsal.walk\n"
        "assert not {'tfx', 'tensorflow', 'apache_beam', 'kfp'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
