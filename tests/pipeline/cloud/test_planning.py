"""What a compiled pipeline's plan says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.cloud import compile, planning
from pipeline.cloud.platforms.base import Prices
from pipeline.cloud.recording import plan as plans
from pipeline.cloud.recording.plan import Plan
from pipeline.config import loading
from pipeline.record import provenance
from tests.pipeline.cloud.specifications import settings

pytestmark = pytest.mark.tfx


def planned(folder: Path, target: str = "vertex", hash_: str = "h", **changes: Any) -> Plan:
    loaded = loading.load("taxi", ["training.epochs=3"])
    bundles = compile.compile_to(
        folder / "job.json",
        "taxi",
        loaded,
        settings(target, **changes),
        hash_,
        ["training.epochs=3"],
    )
    return plans.unpacked(bundles[compile.PLAN].content)


def test_it_has_what_a_record_has_before_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(provenance.COMMIT, "a" * 40)
    for name, value in (("SERVER_URL", "https://g"), ("REPOSITORY", "o/r"), ("RUN_ID", "7")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    plan = planned(tmp_path)
    record = plan.record
    assert (
        record["overrides"] == ["training.epochs=3"] and record["config"]["training"]["epochs"] == 3
    )
    assert (record["code"]["commit"], record["code"]["dirty"]) == ("a" * 40, False)
    assert record["cloud"]["workflow"] == "https://g/o/r/actions/runs/7"
    assert record["cloud"]["page"].endswith("/runs/{job}?project=p")
    assert record["cloud"]["machines"]["Trainer"] == "8 CPUs, 30 GB, 1 x T4"
    assert (plan.runs, plan.data_hash) == ("gs://b/folder/runs", "h")
    assert b"def build_model" in plan.code["models/taxi/model.py"]
    assert {task.node for task in plan.tasks.values()} == {one["name"] for one in record["nodes"]}
    assert {task.node for task in plan.tasks.values() if task.is_resolver} == {"Resolver"}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return planned(tmp_path_factory.mktemp("plan"))


def test_the_same_commit_compiles_to_the_same_plan(tmp_path: Path, plan: Plan) -> None:
    assert planned(tmp_path) == plan


def test_another_file_is_another_recipe_for_what_comes_after(tmp_path: Path, plan: Plan) -> None:
    other = planned(tmp_path, hash_="another").tasks
    assert all(plan.tasks[name].recipe != other[name].recipe for name in ("ExampleGen", "Pusher"))
    assert plan.tasks["FrozenSchema"].recipe == other["FrozenSchema"].recipe


def test_a_price_is_of_the_machine_that_a_task_asks_for(plan: Plan) -> None:
    prices = Prices(cpu=0.04, memory_gb=0.005, accelerators={"T4": 0.35})
    machine = {"cpuLimit": 8.0, "memoryLimit": 30.0, "accelerator": {"type": "T4", "count": "2"}}
    known = settings("vertex", prices=prices).hourly_price
    assert known(machine) == pytest.approx(8 * 0.04 + 30 * 0.005 + 2 * 0.35)
    assert known({"cpuLimit": 4.0}) == pytest.approx(0.16)
    # Of a GPU without a price, and of the platform's default machine, nothing is known.
    assert known({"accelerator": {"type": "A100"}}) is None and known({}) is None
    assert settings("vertex").hourly_price(machine) is None and plan.hourly == {}


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ({}, ""),
        ({"cpuLimit": 0.5}, "0.5 CPUs"),
        ({"memoryLimit": 16.0, "accelerator": {"type": "T4", "count": "2"}}, "16 GB, 2 x T4"),
    ],
)
def test_a_machine_in_words(machine: dict[str, Any], words: str) -> None:
    assert planning.in_words(machine) == words


def test_the_exit_handler_is_none_of_the_tasks(plan: Plan) -> None:
    assert "RunRecord" not in plan.tasks
