"""What the builders of nodes have at hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import nodes
from pipeline.config import model_files
from pipeline.graph.target import Target
from pipeline.graph.wiring import Wiring
from tests.pipeline.graph.compiled import load

pytestmark = pytest.mark.tfx


def wiring(*overrides: str) -> Wiring:
    return Wiring("taxi", load(*overrides), Target(artifacts="runs", serving="gs://b/serving"))


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        ([nodes.SCHEMA_GEN], nodes.SCHEMA_GEN),
        ([nodes.SCHEMA_GEN, nodes.FROZEN_SCHEMA], nodes.FROZEN_SCHEMA),
    ],
)
def test_the_frozen_schema_goes_before_the_inferred_one(built: list[str], expected: str) -> None:
    made = wiring()
    for name in built:
        made.built[name] = SimpleNamespace(outputs={"schema": name})
    assert made.schema == expected


def test_an_output_of_a_node_that_is_not_there_yet_is_an_error() -> None:
    with pytest.raises(KeyError, match="Trainer"):
        _ = wiring().trained


def test_the_plan_says_of_training_what_the_config_does() -> None:
    plan = wiring("training.epochs=3", "training.batch_size=7", "serving.check_rows=2").plan
    assert (plan.model, plan.epochs, plan.batch_size, plan.known_answers) == ("taxi", 3, 7, 2)
    assert plan.label_columns == ("tips",) and "trip_miles" in plan.inputs


@pytest.mark.parametrize(("overrides", "name"), [((), "taxi"), (("serving.name=tips",), "tips")])
def test_a_model_is_pushed_under_its_serving_name(overrides: tuple[str, ...], name: str) -> None:
    assert wiring(*overrides).serving == f"gs://b/serving/{name}"


def test_the_schemas_text_is_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wiring().schema_text == model_files.schema_path("taxi").read_text()
    monkeypatch.setattr(model_files, "schema_path", lambda *_: tmp_path / "none")
    assert wiring().schema_text is None


def test_only_the_code_that_a_node_depends_on_is_hashed() -> None:
    made = wiring()
    assert "models/taxi/model.py" in made.code_hashes(nodes.TRAINER)
    assert "models/taxi/model.py" not in made.code_hashes(nodes.TUNER)
    assert "models/taxi/model.py" not in made.code_hashes(nodes.TRANSFORM)
    assert not made.code_hashes(nodes.EVALUATOR)
