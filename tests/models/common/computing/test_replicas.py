"""A network that two devices train together learns what one device alone learns."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.common.computing import replicas
from models.common.errors import DataError
from tests.models.tiny_sample import plan

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

MODEL = """
import keras

def build_model(hyperparameters, inputs, transform):
    columns = [keras.ops.cast(column, "float32") for column in inputs.values()]
    hidden = keras.layers.Dense(8, activation="tanh")(keras.layers.Concatenate()(columns))
    MORE
    answer = keras.layers.Dense(1, activation="sigmoid", dtype="float32")(hidden)
    model = keras.Model(dict(inputs), answer)
    auc = keras.metrics.AUC(name="auc")
    adam = keras.optimizers.Adam(0.01, use_ema=True)
    model.compile(adam, "binary_crossentropy", metrics=[auc], JIT)
    return model
"""
NETWORKS = {"even": "", "normed": "hidden = keras.layers.BatchNormalization()(hidden)"}
MIRRORED = {"strategy": "mirrored"}
ALONE = {"model": "even", "epochs": 4, "early_stopping_patience": 3}
# The order of the rows is another one, which makes no difference where all are in one batch.
WHOLE: dict[str, Any] = {
    "rows": (256, 64),
    "batch_size": 256,
    "weight": "miles",
    "class_weights": "balanced",
}
TOGETHER = {"in memory": WHOLE, "read anew": {**WHOLE, "in_memory": False}}
UNLIKE: dict[str, Any] = {
    "one row in the last batch": {"rows": (257, 3), "batch_size": 31},
    "half precision": {"rows": (21, 63), "precision": "mixed_float16", "model": "normed"},
}
"""Trainings that are to end well, though not as on one device."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each training."""
    folder = tmp_path_factory.mktemp("two")
    for name, more in NETWORKS.items():
        code = folder / "models" / name
        code.mkdir(parents=True)
        (code / "__init__.py").touch()
        text = MODEL.replace("MORE", more).replace("JIT", f"jit_compile={bool(more)}")
        (code / "model.py").write_text(text)
    cases: dict[str, Any] = {
        name: {**ALONE, **case, **MIRRORED}
        for name, case in {**TOGETHER, **UNLIKE, "too few": {"rows": (64, 1)}}.items()
    }
    cases["alone"] = {**ALONE, **WHOLE}
    module = "tests.models.common.computing.two_devices"
    command = [sys.executable, "-m", module, str(folder), json.dumps(cases)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


@pytest.mark.parametrize("name", TOGETHER)
def test_two_devices_learn_what_one_does(found: dict[str, Any], name: str) -> None:
    together, alone = found[name], found["alone"]
    assert together["history"].keys() == alone["history"].keys()
    for metric, values in together["history"].items():
        np.testing.assert_allclose(values, alone["history"][metric], rtol=1e-4, err_msg=metric)
    np.testing.assert_allclose(together["answers"], alone["answers"], rtol=1e-3)


@pytest.mark.parametrize("name", UNLIKE)
def test_rows_that_do_not_divide_and_half_precision_do_no_harm(
    found: dict[str, Any], name: str
) -> None:
    history = found[name]["history"]
    assert all(math.isfinite(value) for values in history.values() for value in values)


def test_a_split_that_cannot_be_shared_is_refused(found: dict[str, Any]) -> None:
    told = found["too few"]["error"]
    assert "training has 2 devices, and a split too few rows for them: 1" in told
    assert "training.strategy" in told


def test_on_one_device_nothing_is_shared() -> None:
    one = plan(**MIRRORED)
    assert replicas.number(one) == 1
    assert replicas.batch_size(31, one) == 31


@given(rows=st.integers(1, 1000), size=st.integers(1, 100), copies=st.integers(1, 8))
def test_each_copy_has_as_many_rows_in_each_batch(rows: int, size: int, copies: int) -> None:
    with mock.patch.object(replicas, "number", return_value=copies):
        batch = replicas.batch_size(size, plan(**MIRRORED))
    assert size <= batch < size + copies
    if rows < copies:
        with pytest.raises(DataError, match=rf"{copies} devices[\s\S]*a/Split-eval"):
            replicas.shared_rows(rows, copies, ["a/Split-eval/x.gz"])
        return
    shared = replicas.shared_rows(rows, copies, [])
    assert rows - copies < shared <= rows
    sizes = [min(batch, shared - start) for start in range(0, shared, batch)]
    assert all(one and one % copies == 0 for one in sizes)
