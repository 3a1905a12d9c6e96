"""What the test split shows of the model beyond single numbers, read from the Evaluator."""

from __future__ import annotations

import tensorflow_model_analysis as tfma

from components.evaluation import judged_rows
from pipeline.record.run_details import Plots
from pipeline.results import evaluation


def plots(evaluation_uri: str) -> Plots:
    """The plots over all rows; empty where the model's outputs allow none.

    Args:
        evaluation_uri: The Evaluator's `evaluation` artifact.
    """
    for result in tfma.load_metrics(evaluation_uri):
        if result.slice_key.single_slice_keys:
            continue
        for item in result.metric_keys_and_values:
            if item.key.name == judged_rows.NAME and evaluation.is_candidate(item.key):
                return Plots.model_validate_json(item.value.bytes_value)
    return Plots()
