"""A task's own folder and environment, and what is told where it fails."""

from __future__ import annotations

import pytest

from pipeline.cloud.rehearsal.process import TaskError
from tests.pipeline.cloud.rehearsal.tasks import Project, container, task


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
