"""The program that makes a SavedModel of a `.keras` file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from serving.model import keras_archive, keras_export

SAVE = """
import sys
import keras
inputs = {"a": keras.Input((1,), name="a"), "b": keras.Input((1,), name="b", dtype="string")}
words = keras.layers.StringLookup(vocabulary=["x", "y"], output_mode="one_hot")(inputs["b"])
both = keras.layers.Concatenate()([inputs["a"], words])
keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="ones")(both)).save(sys.argv[1])
"""


def test_weights_in_other_files_are_refused(tmp_path: Path) -> None:
    changes: tuple[tuple[str, Callable[[Any], Any]], ...] = (
        ("link", lambda file: file.__setitem__("w", h5py.ExternalLink("/etc/passwd", "x"))),
        ("stored", lambda file: file.create_group("g").create_dataset(
            "w", (8,), "u1", external=[("/etc/passwd", 0, 8)])),
    )  # fmt: skip
    for name, change in changes:
        path = tmp_path / f"{name}.h5"
        with h5py.File(path, "w") as file:
            change(file)
        with pytest.raises(ValueError, match="w of the weights is in another file, /etc/passwd"):
            keras_export.check_weights(path)
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file.create_group("g").create_dataset("w", data=[1.0])
    keras_export.check_weights(tmp_path / "plain.h5")


@pytest.mark.slow
def test_a_model_with_several_inputs_becomes_a_saved_model(tmp_path: Path) -> None:
    from serving.model.loading import load

    path = tmp_path / "m.keras"
    subprocess.run([sys.executable, "-c", SAVE, str(path)], check=True, capture_output=True)
    keras_archive.check(path)
    keras_archive.export(path, tmp_path / "1")
    loaded = load(tmp_path / "1")
    words = np.array([[b"x"], [b"z"]], object)
    outputs = loaded.run(
        loaded.signature("serving_default"), {"a": np.float32([[1], [2]]), "b": words}
    )
    assert [array.tolist() for array in outputs.values()] == [[[2.0], [3.0]]]
