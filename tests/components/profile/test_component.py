"""The node: a profile of what the data and the model are, or the reason why there is none."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tfx.dsl.components.base import base_executor
from tfx.types import standard_artifacts
from tfx.types.experimental.simple_artifacts import File

from components.evaluation import metric_values
from components.evaluation.metric_values import MetricValue
from components.evaluation.slice_names import OVERALL
from components.profile import component, reading
from components.profile.component import Settings
from components.profile.labels import Judging
from components.profile.metrics import Judged
from models.common.errors import ConfigError
from monitoring.profile.reference_profile import ReferenceProfile
from tests.models import tiny_sample
from tests.models.tiny_sample import LABEL, Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

METRICS = {"AUC": Judged("AUC", {}, (0.5, None), "higher", ())}
VALUES = [
    MetricValue("AUC", OVERALL, (), 0.75, None, None, None),
    MetricValue("AUC", "payment=Cash", (("payment", "Cash"),), 0.5, None, None, None),
    MetricValue("AUC", f"{LABEL}=1", ((LABEL, "1"),), None, None, None, None),
]
ROWS, TEST = tiny_sample.rows(240), tiny_sample.rows(60, seed=1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The same model as the tests of models have."""
    return tiny_sample.make(tmp_path_factory.getbasetemp() / "tiny")


class Node:
    """The node with the tiny model's artifacts."""

    def __init__(self, tiny: Sample, folder: Path) -> None:
        raw, graph = standard_artifacts.Examples(), standard_artifacts.TransformGraph()
        model, evaluation = standard_artifacts.Model(), standard_artifacts.ModelEvaluation()
        self.blessing, self.profile = standard_artifacts.ModelBlessing(), File()
        raw.uri, raw.split_names = str(folder / "examples"), json.dumps(["train", "test"])
        for split, files in (("train", tiny.train_files), ("test", tiny.eval_files)):
            (folder / "examples" / f"Split-{split}").mkdir(parents=True)
            shutil.copy(files[0], folder / "examples" / f"Split-{split}")
        shutil.copytree(tiny.export_path, folder / "model" / "Format-Serving")
        model.uri, graph.uri = str(folder / "model"), tiny.transform_path
        evaluation.uri, self.profile.uri = str(folder / "evaluation"), str(folder / "profile")
        self.folder = folder / "profile"
        self.inputs: dict[str, Any] = {
            "examples": [raw],
            "transform_graph": [graph],
            "model": [model],
            "evaluation": [evaluation],
            "blessing": [self.blessing],
        }

    def run(self, blessed: int = 1, formula: str | None = "tips > 2") -> list[list[str]]:
        """Runs it, and returns its notes."""
        self.blessing.set_int_custom_property("blessed", blessed)
        settings = Settings(Judging("tiny", LABEL, ("tips",), None, formula), METRICS)
        context = base_executor.BaseExecutor.Context(pipeline_run_id="tiny-1")
        component.Executor(context).Do(
            self.inputs, {"profile": [self.profile]}, {"settings": settings.to_json(), "code": ""}
        )
        notes: list[list[str]] = json.loads((self.folder / component.NOTES).read_text())
        return notes

    @property
    def file(self) -> Path:
        return self.folder / "reference_profile.json"


@pytest.fixture
def node(tiny: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    # How it reads an evaluation is tried in tests/pipeline/results, and in whole runs.
    monkeypatch.setattr(metric_values, "read", lambda *_: VALUES)
    return Node(tiny, tmp_path)


def test_the_profile_of_a_blessed_model_is_that_of_its_data(node: Node) -> None:
    assert node.run() == []
    found = ReferenceProfile.model_validate_json(node.file.read_text())
    assert (found.model, found.run, found.training_rows, found.test_rows) == (
        *("tiny", "tiny-1"),
        *(240, 60),
    )
    for name in ("payment", "company"):
        values = Counter(row[name] for row in ROWS if name in row)
        one = found.features[name]
        assert one.categories is not None and one.categories.counts == values
        assert one.missing == 240 - sum(values.values())
    hours = found.features["hour"].categories
    assert hours is not None and hours.counts == Counter(str(row["hour"]) for row in ROWS)
    lengths, position = found.features["stops"].lengths, found.features["position"]
    assert lengths is not None and sum(lengths.counts) == 240 and lengths.minimum == 0
    assert position.numbers is not None and sum(position.numbers.counts) == 480
    assert "tips" not in found.features and "tips" not in found.sample
    [output] = found.outputs.values()
    big = sum(row["tips"] > 2 for row in TEST)
    assert output.calibration is not None and sum(output.calibration.positives) == big
    cash = sum(row["payment"] == "Cash" for row in TEST)
    assert {name: one.rows for name, one in found.slices.items()} == {"payment=Cash": cash}
    assert found.metrics["AUC"].value == 0.75 and found.metrics["AUC"].lower == 0.5
    assert found.label is not None and found.label.model_dump() == {
        "name": LABEL,
        "task": "binary",
        "columns": ("tips",),
        "formula": "tips > 2",
        "classes": (),
        "output": "outputs",
    }


def test_of_a_model_that_is_not_blessed_there_is_none(node: Node) -> None:
    assert node.run(blessed=0, formula="tips > 3") == []
    assert not node.file.exists()


def test_a_formula_of_another_label_stops_the_run(node: Node) -> None:
    with pytest.raises(ConfigError, match="does not give the label") as caught:
        node.run(formula="tips > 0.5")
    wrong = sum(0.5 < row["tips"] <= 2 for row in TEST)
    assert f"In {wrong} of 60 test rows" in caught.value.detail and wrong > 10
    assert not node.file.exists()


def test_without_a_formula_it_is_told_that_labels_are_of_no_use(node: Node) -> None:
    [[headline, detail]] = node.run(formula=None)
    assert headline == "Monitoring cannot judge by labels that come late"
    assert f"preprocessing makes '{LABEL}' from 'tips'" in detail
    assert ReferenceProfile.model_validate_json(node.file.read_text()).label is None


def test_what_nobody_expected_keeps_no_model_back(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(reading, "read", fail)
    [[headline, detail]] = node.run()
    assert "no reference profile" in headline and "ZeroDivisionError: by zero" in detail
    assert not node.file.exists()
