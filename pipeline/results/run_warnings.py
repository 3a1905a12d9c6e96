"""What does not stop a run and should be known beside its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.evaluation.plot_data import OTHERS
from pipeline.config.model_config import Label
from pipeline.record.run_details import Plots

FEW_ROWS = 100
"""With fewer test rows a share is uncertain by more than ten percentage points either way."""

Found = list[tuple[str, str]]
"""Headlines and details."""


def rows_without_a_label(number: int, label: Label) -> Found:
    """Rows that ExampleGen left out.

    Args:
        number: How many.
        label: The config's `label` section.
    """
    if not number:
        return []
    columns = " or ".join(f"'{name}'" for name in label.required)
    return [
        (
            f"{number:,} {'row' if number == 1 else 'rows'} without a label "
            f"{'was' if number == 1 else 'were'} left out",
            f"No value in {columns}. Where that means something, such as 'no', set "
            "label.missing: keep.",
        )
    ]


def few_rows(rows: Mapping[str, int]) -> Found:
    """A test split that no metric is certain on.

    Args:
        rows: Rows by split.
    """
    number = rows.get("test")
    if number is None or number >= FEW_ROWS:
        return []
    # Half the 95 % interval of a share of one half, by the normal approximation.
    uncertain = min(0.5, 0.98 / max(number, 1) ** 0.5)
    return [
        (
            f"The test split has only {number} {'row' if number == 1 else 'rows'}",
            f"A share of so few rows is uncertain by {100 * uncertain:.0f} percentage points "
            "either way. Provide more rows, or a larger splits.test.",
        )
    ]


def never_predicted(plots: Plots, classes: Sequence[str] = ()) -> Found:
    """Classes of the test split that the network never predicts.

    Args:
        plots: Of the test split.
        classes: The classes' names, the first of which is 0; none: they are numbers.
    """
    found = []
    for name, number in _missed(plots, classes):
        found.append(
            (
                f"The class '{name}' is never predicted",
                f"{number:,.0f} rows of the test split are of it. Train for longer, or let its "
                "rows count for more with training.class_weights: balanced.",
            )
        )
    return found


def _missed(plots: Plots, classes: Sequence[str]) -> list[tuple[str, float]]:
    """The classes that no row was predicted as, with the number of rows that are of them."""
    if plots.confusion:
        actual = [sum(counts) for counts in plots.confusion.counts]
        predicted = [sum(counts) for counts in zip(*plots.confusion.counts, strict=True)]
        return [
            (name, of_class)
            for name, of_class, guesses in zip(
                plots.confusion.classes, actual, predicted, strict=True
            )
            if of_class and not guesses and name != OTHERS
        ]
    if not plots.roc:
        return []
    # A binary classifier predicts the class 1 from one half on, which is an edge of two bins.
    second = sum(one.count * one.label for one in plots.calibration)
    actual = [sum(one.count for one in plots.calibration) - second, second]
    predicted = [
        sum(one.count for one in plots.calibration if one.high <= 0.5),
        sum(one.count for one in plots.calibration if one.low >= 0.5),
    ]
    names = classes or ("0", "1")
    return [
        (name, of_class)
        for name, of_class, guesses in zip(names, actual, predicted, strict=True)
        if of_class and not guesses
    ]
