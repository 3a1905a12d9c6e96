"""What may be taken from an earlier rehearsal."""

from __future__ import annotations

from tests.pipeline.cloud.rehearsal.tasks import Project, constant, container, task


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
    project.content(artifact["uri"]).rmdir()
    project.walk(tasks)
    assert project.events == ["A started", "A done"]
