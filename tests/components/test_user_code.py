"""The dispatchers: what is a part of a node's cache key, and what reaches the model's code."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

import models
from components import user_code
from models.common import training
from models.common.errors import ModelCodeError
from models.common.tuning import Search
from tests.models import tiny_sample
from tests.models.tiny_sample import Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

PLAN = tiny_sample.plan(model="taxi")
SEARCH = Search(trials=2, epochs=1, objective="val_loss", direction="min")
SCRATCH = {"model": "scratch", "label": "y", "classes": []}
CODE = {"models/taxi/model.py": "4f2a"}
PACKAGES = {"keras": "3.12.4"}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The same model as the tests of models have."""
    return tiny_sample.make(tmp_path_factory.getbasetemp() / "tiny")


@pytest.mark.parametrize("name", ["PREPROCESSING_FN", "RUN_FN", "TUNER_FN"])
def test_tfx_finds_the_functions_by_these_paths(name: str) -> None:
    module, _, function = getattr(user_code, name).rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_configs_are_json() -> None:
    configs = [
        user_code.transform_config("taxi", "big_tipper", ["no", "yes"], CODE, PACKAGES),
        user_code.tuner_config(PLAN, SEARCH, CODE, PACKAGES),
        user_code.trainer_config(PLAN, {"units": 3}, CODE, PACKAGES),
    ]
    for config in configs:
        assert json.loads(json.dumps(config)).keys() == config.keys()
        assert (config["code"], config["packages"]) == (CODE, PACKAGES)


@pytest.mark.parametrize(
    ("change", "searches_again"),
    [
        ({"epochs": 50}, False),
        ({"early_stopping_patience": 7}, False),
        ({"early_stopping_monitor": "val_auc"}, False),
        ({"early_stopping_direction": "max"}, False),
        ({"seed": 7}, False),
        ({"known_answers": 3}, False),
        ({"batch_size": 7}, True),
        ({"learning_rate_decay": "cosine"}, True),
        ({"steps_per_epoch": 3}, True),
        ({"label": "other"}, True),
    ],
)
def test_what_is_only_about_the_final_training_starts_no_search(
    change: dict[str, Any], searches_again: bool
) -> None:
    changed = dataclasses.replace(PLAN, **change)
    before, after = (
        user_code.tuner_config(plan, SEARCH, CODE, PACKAGES) for plan in (PLAN, changed)
    )
    assert (before != after) == searches_again
    assert user_code.trainer_config(changed, None, CODE, PACKAGES) != user_code.trainer_config(
        PLAN, None, CODE, PACKAGES
    )


def test_a_changed_search_searches_again() -> None:
    longer = dataclasses.replace(SEARCH, epochs=9)
    assert user_code.tuner_config(PLAN, longer, CODE, PACKAGES) != user_code.tuner_config(
        PLAN, SEARCH, CODE, PACKAGES
    )
    assert user_code.tuner_config(PLAN, longer, CODE, PACKAGES)["plan"]["epochs"] == 9


def inputs() -> dict[str, Any]:
    text = tf.SparseTensor([[0, 0]], ["x"], [2, 1])
    return {"miles": tf.constant([[1.0], [2.0]]), "company": text}


def test_preprocessing_is_the_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path, monkeypatch, "def preprocessing_fn(inputs):\n    return {'y': inputs['miles']}\n"
    )
    outputs = user_code.preprocessing_fn(inputs(), SCRATCH)
    assert outputs["y"].numpy().tolist() == [[1.0], [2.0]]


def test_an_error_in_preprocessing_names_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, monkeypatch, "def preprocessing_fn(inputs):\n    return inputs['mlies']\n")

    @tf.function(autograph=False)  # As TFT does.
    def traced(inputs: dict[str, Any]) -> Any:
        return user_code.preprocessing_fn(inputs, SCRATCH)

    with pytest.raises(ModelCodeError) as caught:
        traced(inputs())
    assert caught.value.headline == (
        "models/scratch/preprocessing.py:2: preprocessing_fn failed with KeyError"
    )


def write(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Makes a model `scratch` with this preprocessing."""
    path = folder / "models" / "scratch" / "preprocessing.py"
    path.parent.mkdir(parents=True)
    (path.parent / "__init__.py").touch()
    path.write_text(text)
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(folder / "models")])
    monkeypatch.setattr("models.common.model_folder.MODELS", folder / "models")
    for module in ("models.scratch.preprocessing", "models.scratch"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    importlib.invalidate_caches()


def arguments(tiny: Sample, folder: Path, **values: Any) -> FnArgs:
    """As TFX's Trainer and Tuner call the functions."""
    return FnArgs(
        train_files=[tiny.train_files[0].replace("train.gz", "tr*.gz")],
        eval_files=tiny.eval_files,
        transform_output=tiny.transform_path,
        transform_graph_path=tiny.transform_path,
        serving_model_dir=str(folder / "export"),
        model_run_dir=str(folder / "summary"),
        working_dir=str(folder / "search"),
        **values,
    )


@pytest.mark.parametrize("tuned", [True, False])
def test_training_takes_the_tuners_values_or_the_frozen_ones(
    tiny: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tuned: bool
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(training, "train_and_export", lambda *a, **k: calls.append((a, k)))
    found, frozen = {"values": {"units": 3}, "space": []}, {"units": 5}
    plan = tiny_sample.plan()
    config = {"plan": json.loads(json.dumps(plan.to_dict())), "code": "x"}
    user_code.run_fn(
        arguments(
            tiny,
            tmp_path,
            hyperparameters=found if tuned else None,
            custom_config=config | {"hyperparameters": None if tuned else frozen},
        )
    )
    [((given, hyperparameters), paths)] = calls
    assert given == plan and hyperparameters == {"units": 3 if tuned else 5}
    assert paths == {
        "train_files": tiny.train_files,
        "eval_files": tiny.eval_files,
        "test_files": tiny.eval_files,  # Beside a folder Split-eval, it would be Split-test's.
        "transform_path": tiny.transform_path,
        "export_path": str(tmp_path / "export"),
        "summary_path": str(tmp_path / "summary"),
    }


def test_the_search_is_as_configured(tiny: Sample, tmp_path: Path) -> None:
    config = {"plan": tiny_sample.plan().to_dict(), "search": SEARCH.to_dict(), "code": "x"}
    config = json.loads(json.dumps(config))
    result = user_code.tuner_fn(arguments(tiny, tmp_path, custom_config=config))
    oracle = result.tuner.oracle
    assert (oracle.objective.name, oracle.objective.direction) == ("val_loss", "min")
    assert oracle.max_trials == 2 and result.fit_kwargs == {}
    assert oracle.hyperparameters.values.keys() == {"learning_rate", "units"}
    assert Path(result.tuner.project_dir).is_relative_to(tmp_path / "search")
