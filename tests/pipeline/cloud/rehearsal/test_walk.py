"""The order in which a specification's tasks run, and what passes between them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from models.common.errors import RunError
from tests.pipeline.cloud.rehearsal.tasks import Project, container, task


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
    assert artifact["uri"] == "gs://bucket/runs/p/0/job1/Writer_0/x"
    assert (project.content(artifact["uri"]) / "file").read_text() == "hello"
    assert artifact["type"] == {"instanceSchema": "title: tfx.Model\n"}


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
