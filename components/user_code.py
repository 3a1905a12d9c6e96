"""The functions that TFX calls for a model's own code.

They are the same for every model: each finds the model's name in the node's `custom_config` and
calls into its folder. The hashes and versions beside the name are what makes
TFX's cache see an edited file and an upgraded package.

Each imports only what it uses, as in the cloud a node has no other files of `models/`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

if TYPE_CHECKING:
    from models.common.plan import Plan
    from models.common.tuning import Search

PREPROCESSING_FN = "components.user_code.preprocessing_fn"
RUN_FN = "components.user_code.run_fn"
TUNER_FN = "components.user_code.tuner_fn"


def transform_config(
    model: str,
    label: str,
    classes: Sequence[str],
    code: Mapping[str, str],
    packages: Mapping[str, str],
) -> dict[str, Any]:
    """Transform's `custom_config`.

    Args:
        model: The model's name.
        label: The label among the outputs of its `preprocessing_fn`.
        classes: The classes of a text label, in order; none: those of the data, sorted.
        code: Hashes of the source files that it depends on, by path.
        packages: Versions of the packages that it depends on, by name.
    """
    own = {"model": model, "label": label, "classes": list(classes)}
    return {**own, **_cache_key(code, packages)}


def tuner_config(
    plan: Plan, search: Search, code: Mapping[str, str], packages: Mapping[str, str]
) -> dict[str, Any]:
    """The Tuner's `custom_config`.

    Args:
        plan: What the configuration says of training.
        search: What it says of the search.
        code: Hashes of the source files that it depends on, by path.
        packages: Versions of the packages that it depends on, by name.
    """
    # What is only about the final training shall not start a new search.
    plan = dataclasses.replace(
        plan,
        epochs=search.epochs,
        early_stopping_patience=None,
        early_stopping_monitor="val_loss",
        early_stopping_direction="min",
        known_answers=0,
        seed=0,
    )
    return {
        "plan": plan.to_dict(),
        "search": search.to_dict(),
        **_cache_key(code, packages),
    }


def trainer_config(
    plan: Plan,
    hyperparameters: Mapping[str, Any] | None,
    code: Mapping[str, str],
    packages: Mapping[str, str],
) -> dict[str, Any]:
    """The Trainer's `custom_config`.

    Args:
        plan: What the configuration says of training.
        hyperparameters: Frozen values; None where the Tuner's are used.
        code: Hashes of the source files that it depends on, by path.
        packages: Versions of the packages that it depends on, by name.
    """
    return {
        "plan": plan.to_dict(),
        "hyperparameters": hyperparameters,
        **_cache_key(code, packages),
    }


def _cache_key(code: Mapping[str, str], packages: Mapping[str, str]) -> dict[str, Any]:
    return {"code": dict(code), "packages": dict(packages)}


# Autograph would wrap a model's errors in its own, and the functions below have nothing to convert.
@tf.autograph.experimental.do_not_convert
def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, Any]:
    """Calls the model's `preprocessing_fn`, for Transform, and makes its label a number."""
    from models.common import model_folder
    from models.common.labels import encoding, preprocessing_outputs

    model = custom_config["model"]
    function = model_folder.function(model, "preprocessing", "preprocessing_fn")
    with model_folder.errors_of(model, "preprocessing_fn"):
        outputs = function(inputs)
        preprocessing_outputs.check(model, outputs)
        return encoding.encode(outputs, custom_config["label"], custom_config["classes"])


def run_fn(fn_args: FnArgs) -> None:
    """Trains and exports the model, for the Trainer."""
    from models.common import examples, training
    from models.common.plan import Plan

    config = fn_args.custom_config
    plan = Plan.from_dict(config["plan"])
    if fn_args.hyperparameters:
        hyperparameters = fn_args.hyperparameters["values"]
    else:
        hyperparameters = config["hyperparameters"]
    training.train_and_export(
        plan,
        hyperparameters,
        train_files=examples.files_of(fn_args.train_files),
        eval_files=examples.files_of(fn_args.eval_files),
        transform_path=fn_args.transform_output,
        export_path=fn_args.serving_model_dir,
        summary_path=fn_args.model_run_dir,
        test_files=examples.files_of(_test_split(fn_args)),
    )


def _test_split(fn_args: FnArgs) -> list[str]:
    """The patterns of the test split's files, which TFX does not name: it is beside the other."""
    return [path.replace("/Split-eval/", "/Split-test/") for path in fn_args.eval_files]


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Prepares the search for hyperparameters, for the Tuner."""
    from models.common import examples, tuning
    from models.common.plan import Plan

    config = fn_args.custom_config
    tuner = tuning.tuner(
        Plan.from_dict(config["plan"]),
        tuning.Search(**config["search"]),
        train_files=examples.files_of(fn_args.train_files),
        eval_files=examples.files_of(fn_args.eval_files),
        transform_path=fn_args.transform_graph_path,
        working_dir=fn_args.working_dir,
        test_files=examples.files_of(_test_split(fn_args)),
    )
    return TunerFnResult(tuner=tuner, fit_kwargs={})
