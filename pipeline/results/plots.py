"""What the test split shows of the model beyond single numbers, read from the Evaluator."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow_model_analysis as tfma

from components.evaluation import judged_rows
from pipeline.record.run_details import Plots
from pipeline.results import evaluation


def plots(evaluation_uri: str, classes: Sequence[str] = ()) -> Plots:
    """The plots over all rows; empty where the model's outputs allow none.

    Args:
        evaluation_uri: The Evaluator's `evaluation` artifact.
        classes: The classes' names, the first of which is 0; none: they are numbers.
    """
    for result in tfma.load_metrics(evaluation_uri):
        if result.slice_key.single_slice_keys:
            continue
        for item in result.metric_keys_and_values:
            if item.key.name == judged_rows.NAME and evaluation.is_candidate(item.key):
                return _with_names(Plots.model_validate_json(item.value.bytes_value), classes)
    return Plots()


def _with_names(plots: Plots, classes: Sequence[str]) -> Plots:
    """The confusion matrix by the classes' names; beyond the largest classes it has no number."""
    if plots.confusion and classes:
        plots.confusion.classes = [
            classes[int(name)] if name.isdecimal() and int(name) < len(classes) else name
            for name in plots.confusion.classes
        ]
    return plots
