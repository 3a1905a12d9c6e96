"""Trains models on two logical devices of one processor, which a process is given at its start.

    python -m tests.models.common.computing.two_devices FOLDER CASES

CASES is JSON: for each name the plan's changes, the rows of both splits, and whether these are
kept in memory. What came of each is printed as JSON: the history, the exported model's answers, or
the error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import models  # isort: skip  (settings that TensorFlow reads when it is imported)

import tensorflow as tf

from components import serving_check
from models.common import examples, training
from models.common.errors import ProjectError
from tests.models import tiny_sample

CACHED_BYTES = examples.CACHED_BYTES


def main(folder: Path, cases: dict[str, dict[str, Any]]) -> None:
    """Trains each case and prints what came of all."""
    [processor] = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(processor, halves)
    models.__path__.append(str(folder / "models"))
    tiny = tiny_sample.make(folder / "tiny")
    print(json.dumps({name: found(folder / name, tiny, **case) for name, case in cases.items()}))


def found(
    folder: Path,
    tiny: tiny_sample.Sample,
    rows: tuple[int, int],
    in_memory: bool = True,
    **changes: Any,
) -> dict[str, Any]:
    """What comes of a training."""
    folder.mkdir()
    examples.CACHED_BYTES = CACHED_BYTES if in_memory else 0
    learnt, looked_at = rows
    try:
        training.train_and_export(
            tiny_sample.plan(**changes),
            {"units": 8, "learning_rate": 0.01},
            train_files=tiny_sample.write_examples(
                str(folder / "train.gz"), tiny_sample.rows(learnt)
            ),
            eval_files=tiny_sample.write_examples(
                str(folder / "eval.gz"), tiny_sample.rows(looked_at, seed=1)
            ),
            transform_path=tiny.transform_path,
            export_path=str(folder / "export"),
            summary_path=str(folder / "summary"),
        )
    except ProjectError as error:
        return {"error": str(error)}
    serving_check.check(str(folder / "export"))
    answers = tiny_sample.answers(str(folder / "export"))
    summary = json.loads((folder / "summary" / training.SUMMARY).read_text())
    return {"history": summary["history"], "answers": answers.tolist()}


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
