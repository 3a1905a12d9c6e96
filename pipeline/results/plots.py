"""What the test split shows of the model beyond single numbers, read from the Evaluator."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow_model_analysis as tfma

from components.evaluation import judged_rows, metric_values, mistakes, worst_rows
from components.evaluation.slice_names import slice_name
from pipeline.record.run_details import Mistakes, Plots, WorstRow, WorstRows


def plots(evaluation_uri: str, classes: Sequence[str] = ()) -> Plots:
    """The plots over all rows; empty where the model's outputs allow none.

    Args:
        evaluation_uri: The Evaluator's `evaluation` artifact.
        classes: The classes' names, the first of which is 0; none: they are numbers.
    """
    found: dict[str, bytes] = {}
    for result in tfma.load_metrics(evaluation_uri):
        if result.slice_key.single_slice_keys:
            continue
        for item in result.metric_keys_and_values:
            known = item.key.name in (judged_rows.NAME, mistakes.NAME, worst_rows.NAME)
            if known and metric_values.is_candidate(item.key):
                found[item.key.name] = item.value.bytes_value
    plots = Plots.model_validate_json(found.get(judged_rows.NAME, b"{}"))
    if mistakes.NAME in found:
        plots.mistakes = Mistakes.model_validate_json(found[mistakes.NAME])
    # Where nothing can be plotted, as of rows with several labels, their loss says nothing.
    if plots.rows and worst_rows.NAME in found:
        plots.worst_rows = WorstRows.model_validate_json(found[worst_rows.NAME])
        if plots.calibration and plots.labels is None:
            rows = map(_of_two_classes, plots.worst_rows.rows)
            plots.worst_rows.rows = [row for row in rows if row.label != row.answer]
    return _with_names(plots, classes)


def of_slices(evaluation_uri: str) -> dict[str, Plots]:
    """The plots of each slice, all rows among them, with classes by their numbers.

    Args:
        evaluation_uri: The Evaluator's `evaluation` artifact.
    """
    return {
        slice_name(metric_values.pairs_of(result.slice_key)): Plots.model_validate_json(
            item.value.bytes_value
        )
        for result in tfma.load_metrics(evaluation_uri)
        for item in result.metric_keys_and_values
        if item.key.name == judged_rows.NAME and metric_values.is_candidate(item.key)
    }


def _of_two_classes(row: WorstRow) -> WorstRow:
    """A binary classifier's row, whose answer is the score of the class 1."""
    score = float(row.answer)
    answer = score >= 0.5
    return row.model_copy(
        update={"answer": str(int(answer)), "score": round(score if answer else 1 - score, 4)}
    )


def _with_names(plots: Plots, classes: Sequence[str]) -> Plots:
    """Classes by their names; what stands for the smallest ones together has no number."""

    def name(number: str) -> str:
        known = number.isdecimal() and int(number) < len(classes)
        return classes[int(number)] if known else number

    if plots.confusion:
        plots.confusion.classes = [name(number) for number in plots.confusion.classes]
    for one in plots.mistakes.rows if plots.mistakes else ():
        one.label, one.predicted = name(one.label), name(one.predicted)
    for row in plots.worst_rows.rows if plots.worst_rows and plots.labels is None else ():
        row.label, row.answer = name(row.label), name(row.answer)
    return plots
