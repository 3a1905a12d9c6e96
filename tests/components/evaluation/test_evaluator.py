"""The Evaluator compares with a baseline that can be asked, and says so where it cannot."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from tensorflow_model_analysis.proto import config_pb2
from tfx.components.evaluator import executor as tfx_executor
from tfx.types import Artifact, standard_artifacts

from components.content import artifact
from components.evaluation import baseline_trial, evaluator
from components.evaluation.evaluator import Comparison, comparison_of
from models.common.errors import RunError
from models.common.files import manifest

pytestmark = pytest.mark.tfx


class Judging:
    """An Evaluator whose TFX half only notes what it is given."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.compared: list[Artifact] | None = None
        self.properties: dict[str, str] = {}
        """Of the baseline, in ML Metadata."""
        judge = self._judge
        monkeypatch.setattr(tfx_executor.Executor, "Do", lambda *given: judge(*given))
        self._say = monkeypatch

    def _judge(self, executor: Any, inputs: Any, outputs: Any, properties: Any) -> None:
        self.compared = inputs["baseline_model"]

    def artifact(self, kind: type[Artifact], name: str) -> Any:
        made = kind()
        made.uri = str(self.folder / name)
        return made

    def judge(
        self, reason: str | None, *, there: bool = True, unreadable: str = "judge_alone"
    ) -> Comparison | None:
        """Judges; returns what the evaluation says of its baseline."""
        self._say.setattr(baseline_trial, "unreadable", lambda *_: reason)
        examples = self.artifact(standard_artifacts.Examples, "examples")
        examples.split_names = '["test"]'
        baseline = self.artifact(standard_artifacts.Model, "baseline")
        for name, value in self.properties.items():
            baseline.set_string_custom_property(name, value)
        for place in ("baseline/Format-Serving", "serving/17") if there else ():
            (self.folder / place).mkdir(parents=True, exist_ok=True)
            (self.folder / place / "saved_model.pb").write_text("the same")
        evaluation = self.artifact(standard_artifacts.ModelEvaluation, "evaluation")
        config = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="y")])
        settings = evaluator.Settings("trips", str(self.folder / "serving"), unreadable, {})
        evaluator.Executor().Do(
            {
                "examples": [examples],
                "model": [self.artifact(standard_artifacts.Model, "candidate")],
                "baseline_model": [baseline],
            },
            {"evaluation": [evaluation]},
            {
                "eval_config": json_format.MessageToJson(config),
                "example_splits": '["test"]',
                "custom_config": json.dumps(vars(settings)),
            },
        )
        return comparison_of(evaluation.uri)


@pytest.fixture
def judging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judging:
    return Judging(tmp_path, monkeypatch)


def test_a_baseline_that_can_be_asked_is(judging: Judging) -> None:
    found = judging.judge(None)
    assert found == Comparison(f"{judging.folder}/baseline", "17", None)
    assert judging.compared and judging.compared[0].uri == found.model


def test_one_that_cannot_be_asked_is_left_out_in_words(judging: Judging) -> None:
    found = judging.judge("reads the column 'b', which the data no longer has")
    assert found and found.version == "17" and found.reason
    assert "column 'b'" in found.reason and judging.compared == []


def test_or_the_candidate_is_refused_in_words(judging: Judging) -> None:
    with pytest.raises(RunError) as caught:
        judging.judge("reads the column 'b', which is gone", unreadable="refuse")
    text = str(caught.value)
    assert "version 17 of trips" in text and "column 'b'" in text
    assert "python -m pipeline baseline trips --drop" in text
    assert "unreadable_baseline: judge_alone" in text
    assert judging.compared is None


def test_a_baseline_without_a_model_is_none(judging: Judging) -> None:
    assert judging.judge("is not asked", there=False) is None
    assert judging.compared == []


def lose(folder: Path) -> None:
    shutil.rmtree(folder)


def lose_graph(folder: Path) -> None:
    (folder / "Format-Serving" / "saved_model.pb").unlink()


def edit_graph(folder: Path) -> None:
    (folder / "Format-Serving" / "saved_model.pb").write_text("the sane")


def lose_assets(folder: Path) -> None:
    (folder / "Format-Serving" / "assets" / "words").unlink()


DAMAGES = [
    (lose, "is gone: its saved_model.pb is missing"),
    (lose_graph, "is gone: its saved_model.pb is missing"),
    (edit_graph, "is damaged: "),
    (lose_assets, "assets/words is missing"),
]


@pytest.mark.parametrize("sealed", ["by the run", "by the export"])
@pytest.mark.parametrize(("damage", "told"), DAMAGES)
@pytest.mark.parametrize("unreadable", ["judge_alone", "refuse"])
def test_a_baseline_that_is_gone_or_damaged_is_as_one_that_cannot_be_asked(
    judging: Judging,
    damage: Callable[[Path], None],
    told: str,
    unreadable: str,
    sealed: str,
) -> None:
    folder = judging.folder / "baseline"
    (folder / "Format-Serving" / "assets").mkdir(parents=True)
    (folder / "Format-Serving" / "assets" / "words").write_text("a")
    (folder / "Format-Serving" / "saved_model.pb").write_text("the same")
    if sealed == "by the run":
        judging.properties[artifact.HASH] = artifact.seal(str(folder))
    elif damage in (lose, lose_graph):
        pytest.skip("what a cluster finds is a version that has its saved_model.pb, or none")
    else:
        manifest.write(str(folder / "Format-Serving"))
    damage(folder)
    if unreadable == "refuse":
        with pytest.raises(RunError, match=told):
            judging.judge(None, there=False, unreadable=unreadable)
    else:
        found = judging.judge(None, there=False)
        assert found and told in str(found.reason) and judging.compared == []


def test_a_baseline_that_is_as_it_was_is_asked(judging: Judging) -> None:
    judging.judge(None)
    judging.properties[artifact.HASH] = artifact.seal(str(judging.folder / "baseline"))
    found = judging.judge(None)
    assert found and found.reason is None and judging.compared
