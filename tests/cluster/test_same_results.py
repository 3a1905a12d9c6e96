"""The whole pipeline on Flink and on Spark makes what it makes in its own process."""

from __future__ import annotations

import pytest

from tests.cluster.comparison import differences
from tests.cluster.engine import Engine
from tests.e2e.project_copy import Outcome, Project


@pytest.mark.parametrize("environment", ["LOOPBACK", "EXTERNAL"])
def test_a_run_makes_the_same(
    engine: Engine, environment: str, project: Project, in_process: tuple[Project, Outcome]
) -> None:
    alone, expected = in_process
    assert expected.record["status"] == "pushed", expected.stdout
    ran = project.run("tiny", *engine.arguments(environment))
    assert ran.status == 0, ran.stdout + ran.log(project)[-5000:]
    assert differences(alone, project, "tiny") == []
    assert ran.record["rows"] == expected.record["rows"]
    assert not engine.workers()
