"""Files that are deleted or damaged between runs are made again, or the repair is named."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import nodes
from tests.chaos import faults
from tests.chaos.lab import Lab

Fault = Callable[[Path, random.Random], None]


def case(fault: Fault, what: str) -> object:
    return pytest.param(fault, what, id=f"{fault.__name__} {what}")


EXAMPLES = "runs/tiny/ExampleGen/examples/*/Split-train"
GRAPH = "runs/tiny/Transform/transform_graph/*"
EXPORT = "runs/tiny/Trainer/model/*/Format-Serving"
VERSION = "serving_models/tiny/*"


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        case(faults.delete, GRAPH),
        case(faults.delete, "runs/tiny/Trainer/model/*"),
        case(faults.delete, VERSION),
        case(faults.delete, EXAMPLES),
        case(faults.flip, f"{EXAMPLES}/*.gz"),
        case(faults.delete, f"{VERSION}/saved_model.pb"),
        case(faults.scramble, f"{VERSION}/variables/variables.data*"),
    ],
)
def test_the_next_run_that_trains_comes_to_the_same(
    lab: Lab, chance: random.Random, fault: Fault, what: str
) -> None:
    fault(chance.choice(sorted(lab.root.glob(what))), chance)
    # From the Transform on, each node asks for what is there.
    lab.settle(*([] if what.startswith("serving") else ["--no-cache", nodes.TRANSFORM]))


@pytest.mark.parametrize(
    "fault", [faults.scramble, faults.cut, faults.delete], ids=lambda fault: fault.__name__
)
def test_metadata_is_repaired_by_the_command_that_is_named(
    lab: Lab, chance: random.Random, fault: Fault
) -> None:
    fault(lab.artifacts / "metadata.db", chance)
    done = lab.settle()
    assert done == ([] if fault is faults.delete else ["repair tiny"])


@pytest.mark.parametrize("fault", [faults.scramble, faults.cut], ids=lambda fault: fault.__name__)
def test_a_damaged_record_hides_no_other_run(lab: Lab, chance: random.Random, fault: Fault) -> None:
    [record] = lab.runs.glob("*/run.json")
    fault(record, chance)
    listed = lab.project.pipeline("runs")
    assert listed.returncode == 0 and "Traceback" not in listed.stderr
    shown = lab.project.pipeline("show", record.parent.name)
    assert shown.returncode == 2 and "repair tiny" in shown.stdout + shown.stderr
    mended = lab.repair("--apply")
    assert mended.returncode == 0, mended.stderr
    lab.settle()
