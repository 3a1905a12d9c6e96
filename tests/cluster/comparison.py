"""What a run has made, as values by name, and in what two runs differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_model_analysis as tfma
from google.protobuf.message import Message
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_metadata.proto.v0 import statistics_pb2

from tests.e2e.project_copy import Project

Values = dict[str, Any]
STATISTICS, METRICS, ANSWERS = 1e-12, 1e-6, 1e-5
"""By how much two runs may differ: the first two relative, the last absolute."""


def differences(mine: Project, other: Project, model: str) -> list[str]:
    """In what the latest runs of a model differ, by statistics, transform, metrics and answers."""
    answers = [_answers(project, model, rows=mine) for project in (mine, other)]
    return [
        *_differing(_statistics(mine, model), _statistics(other, model), STATISTICS),
        *_differing(_transform(mine, model), _transform(other, model), 0),
        *_differing(_metrics(mine, model), _metrics(other, model), METRICS),
        *(["the pushed models' answers"] if not np.allclose(*answers, 0, ANSWERS) else []),
    ]


def _artifact(project: Project, model: str, name: str) -> Path:
    """The newest artifact of that name."""
    return max((project.root / "runs" / model / name).iterdir(), key=lambda path: int(path.name))


def _statistics(project: Project, model: str) -> Values:
    found: Values = {}
    for path in sorted(_artifact(project, model, "StatisticsGen/statistics").glob("*/*.pb")):
        of_split = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
        found.update(_fields(of_split, path.parent.name))
    return found


def _fields(message: Message, path: str) -> Iterator[tuple[str, Any]]:
    """The values in a message, by their paths; features and columns have no order."""
    for field, value in message.ListFields():
        several = value if field.label == field.LABEL_REPEATED else [value]
        for number, one in enumerate(several):
            if not isinstance(one, Message):
                yield f"{path}.{field.name}[{number}]", one
                continue
            name = getattr(getattr(one, "path", None), "step", None) or [number]
            yield from _fields(one, f"{path}.{field.name}[{name[0]}]")


def _transform(project: Project, model: str) -> Values:
    """Words, the graph's constants, which are what was analyzed, and the schema."""
    folder = _artifact(project, model, "Transform/transform_graph")
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.parent.name == "assets" or path.name == "schema.pbtxt"
    }
    saved = saved_model_pb2.SavedModel.FromString(
        (folder / "transform_fn" / "saved_model.pb").read_bytes()
    )
    graph = saved.meta_graphs[0].graph_def
    functions = {one.signature.name: one.node_def for one in graph.library.function}
    constants = {
        f"{name.rstrip('0123456789')} {node.name}": node.attr["value"].tensor
        for name, nodes in {"graph": graph.node, **functions}.items()
        for node in nodes
        if node.op == "Const" and node.attr["value"].tensor.dtype != tf.string.as_datatype_enum
    }
    return {**files, **constants}


def _metrics(project: Project, model: str) -> Values:
    found: Values = {}
    folder = _artifact(project, model, "Evaluator/evaluation")
    result = tfma.load_eval_result(str(folder))
    for key, by_output in result.slicing_metrics:
        for output, by_class in by_output.items():
            for sub_key, metrics in by_class.items():
                for name, value in metrics.items():
                    path = f"{key} {output} {sub_key} {name}"
                    found.update({f"{path} {part}": one for part, one in _numbers(value)})
    return found


def _numbers(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from ((f"{name}.{inner}", one) for inner, one in _numbers(part))
    else:
        yield "", value


def _answers(project: Project, model: str, rows: Project) -> np.ndarray:
    """What the pushed model says of the test rows of a project."""
    [*_, version] = project.versions(model)
    files = _artifact(rows, model, "ExampleGen/examples").glob("Split-test/*")
    names = [str(path) for path in files]
    records = tf.data.TFRecordDataset(names, "GZIP").as_numpy_iterator()
    loaded = tf.saved_model.load(str(version))
    [answer] = loaded.signatures["serving_examples"](tf.constant(sorted(records))).values()
    return np.asarray(answer)


def _differing(mine: Values, other: Values, tolerance: float) -> Iterator[str]:
    assert mine and other
    for name in sorted({*mine, *other}):
        one, two = mine.get(name), other.get(name)
        if not _are_close(one, two, tolerance):
            yield f"{name}: {one!r:.100} and {two!r:.100}"


def _are_close(one: Any, two: Any, tolerance: float) -> bool:
    if isinstance(one, int | float) and isinstance(two, int | float):
        return math.isclose(one, two, rel_tol=tolerance) or (math.isnan(one) and math.isnan(two))
    return bool(one == two)
