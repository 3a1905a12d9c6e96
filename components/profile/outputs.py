"""What the model's outputs were like on the test split, overall and by slice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from components.evaluation.slice_names import value_in_words
from components.profile import distribution
from components.profile.features import MOST_VALUE_BYTES, MOST_VALUES, NAMED
from components.profile.format import Calibration, Label, Output, Slice, TopScore
from components.profile.reading import Column

MOST_NUMBERS = 50
"""Of an output with more numbers, such as an embedding, so many are described: the first ones."""
MOST_SLICES = 100
"""The largest ones."""
MOST_SLICED = 1_000
"""Outputs times slices: of an output with many numbers fewer slices are described."""
FEWEST_ROWS = 50
"""Without that many an output is not described in a slice."""


def slices(
    names: Mapping[str, Mapping[str, str]], columns: Mapping[str, Column], rows: int
) -> dict[str, np.ndarray]:
    """Which rows are in which slice, [rows] of booleans each, the largest slices first.

    Args:
        names: Each slice's features with their values, by its name.
        columns: These features.
        rows: How many there are.
    """
    wanted: dict[str, set[str]] = {feature: set() for feature in columns}
    for of in names.values():
        for feature, value in of.items():
            wanted[feature].add(value)
    of_value = {name: _rows_with(column, wanted[name], rows) for name, column in columns.items()}
    none = np.zeros(rows, dtype=bool)
    found = {}
    for name, of in names.items():
        member = np.ones(rows, dtype=bool)
        for feature, value in of.items():
            member &= of_value[feature].get(value, none)
        if member.any():
            found[name] = member
    ranked = sorted(found, key=lambda name: (-np.count_nonzero(found[name]), name))
    return {name: found[name] for name in ranked[:MOST_SLICES]}


def described_slices(
    names: Mapping[str, Mapping[str, str]], members: Mapping[str, np.ndarray]
) -> dict[str, Slice]:
    """The slices with the number of their rows."""
    return {
        name: Slice(dict(names[name]), int(np.count_nonzero(member)))
        for name, member in members.items()
    }


def describe(
    answers: Mapping[str, np.ndarray],
    label: Label | None,
    truth: np.ndarray,
    members: Mapping[str, np.ndarray],
) -> dict[str, Output]:
    """Describes each number and each text that the model answers.

    Args:
        answers: The outputs by name, [rows, ...].
        label: What is judged; None: that is not known.
        truth: The label of each row, as a number.
        members: The rows of each slice.
    """
    found = {}
    number = sum(min(values[:1].size, MOST_NUMBERS) for values in answers.values())
    kept = list(members)[: MOST_SLICED // max(number, 1)]
    members = {name: members[name] for name in kept}
    for output, values in answers.items():
        judged = label is not None and output == label.output
        task = label.task if judged and label is not None else "other"
        if values.dtype.kind in "OSU":
            found[output] = _text(output, values)
            continue
        table = values.reshape(len(values), -1)
        for position in range(min(table.shape[1], MOST_NUMBERS)):
            alone = table.shape[1] == 1
            is_true = None
            if task == "binary":
                is_true = truth == 1
            elif task == "multiclass":
                is_true = truth == position
            classes = label.classes if judged and label is not None else ()
            named = classes[position] if len(classes) == table.shape[1] else str(position)
            found[output if alone else f"{output}[{named}]"] = _number(
                output, None if alone else position, table[:, position], is_true, members
            )
    return found


def top_score(
    answers: Mapping[str, np.ndarray], label: Label | None, truth: np.ndarray
) -> TopScore | None:
    """Describes the score of the class that is answered; None where there are not several.

    Args:
        answers: The outputs by name, [rows, ...].
        label: What is judged.
        truth: The label of each row, as the class's place.
    """
    if label is None or label.task != "multiclass" or label.output is None:
        return None
    scores = answers[label.output].reshape(len(truth), -1)
    finite = np.isfinite(scores).all(axis=1)
    highest, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    numbers = distribution.numbers(highest[finite])
    counts = distribution.counted(highest[finite & right], numbers.edges)
    return TopScore(label.output, scores.shape[1], numbers, counts)


def coarser(of: Output, level: int) -> Output:
    """An output in fewer bytes; see `distribution.LEVELS`. The coarsest three have no slices."""
    level = min(level, len(distribution.LEVELS) - 1)
    if not level:
        return of
    if of.categories is not None:
        return replace(of, categories=distribution.fewer(of.categories, *NAMED[level]))
    if of.numbers is None:
        return of
    kept = distribution.kept_edges(of.numbers, level)
    told = of.slices if level < len(distribution.LEVELS) - 3 else {}
    return replace(
        of,
        numbers=distribution.coarser(of.numbers, level),
        calibration=of.calibration
        and Calibration(distribution.merged(of.calibration.positives, kept)),
        slices={name: distribution.merged(counts, kept) for name, counts in told.items()},
    )


def _number(
    output: str,
    position: int | None,
    values: np.ndarray,
    is_true: np.ndarray | None,
    members: Mapping[str, np.ndarray],
) -> Output:
    finite = np.isfinite(values)
    numbers = distribution.numbers(values[finite])
    calibration = None
    if is_true is not None:
        positives = distribution.counted(values[finite & is_true], numbers.edges)
        calibration = Calibration(positives)
    return Output(
        output,
        rows=len(values),
        position=position,
        numbers=numbers,
        calibration=calibration,
        slices={
            name: distribution.counted(values[finite & member], numbers.edges)
            for name, member in members.items()
            if np.count_nonzero(member) >= FEWEST_ROWS
        },
    )


def _text(output: str, values: np.ndarray) -> Output:
    counts: dict[str, int] = {}
    for value in values.ravel().tolist():
        text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        counts[text] = counts.get(text, 0) + 1
    named = distribution.categories(counts, MOST_VALUES, MOST_VALUE_BYTES)
    return Output(output, rows=len(values), categories=named)


def _rows_with(column: Column, wanted: Collection[str], rows: int) -> dict[str, np.ndarray]:
    """The rows that have a value, by the value as a slice's name has it."""
    owners = column.rows_of_values
    different, inverse = np.unique(column.values, return_inverse=True)
    found = {}
    for number, value in enumerate(different.tolist()):
        text = value_in_words(value)
        if text in wanted:
            found[text] = np.zeros(rows, dtype=bool)
            found[text][owners[inverse == number]] = True
    return found
