"""What is judged: the task, and how the label follows from raw columns, tried on the test split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from components.profile import formula
from components.profile.format import Label
from components.profile.reading import Column
from models.common.errors import ConfigError

Task = Literal["binary", "multiclass", "regression", "other"]
_SHOWN = 3
_CLOSE = 1e-5
"""Relative: numbers that differ by less are the same label in single precision."""


@dataclass(frozen=True)
class Judging:
    """What the config says of the label."""

    model: str
    """The model's name."""
    name: str
    """The label among the outputs of preprocessing."""
    columns: tuple[str, ...]
    """The raw columns that only training has."""
    output: str | None
    """The output that is judged; None: the model has one."""
    formula: str | None
    """`monitoring.label`."""


def describe(
    judging: Judging,
    answers: Mapping[str, np.ndarray],
    truth: np.ndarray,
    classes: Sequence[str],
) -> Label:
    """The label, with the task that labels and answers show.

    Args:
        judging: What the config says.
        answers: The model's outputs for the rows of the test split, [rows, ...].
        truth: The labels of the same rows, as numbers.
        classes: The names of the classes; empty where they have none.
    """
    output = judging.output or (next(iter(answers)) if len(answers) == 1 else None)
    answer = None if output is None else answers.get(output)
    task: Task = "other" if answer is None else _task(answer, truth, classes)
    named = tuple(classes) if task in ("binary", "multiclass") else ()
    return Label(judging.name, task, judging.columns, judging.formula, named, output)


def _task(answer: np.ndarray, truth: np.ndarray, classes: Sequence[str]) -> Task:
    if truth.ndim != 1 or not len(truth) or answer.dtype.kind not in "fiu":
        return "other"
    values = answer.reshape(len(answer), -1)
    if not np.isfinite(truth).all():
        return "other"
    if values.shape[1] == 1:
        shares = len(classes) == 2 or (values.min() >= 0 and values.max() <= 1)
        return "binary" if shares and np.isin(truth, (0, 1)).all() else "regression"
    numbers = (truth == np.floor(truth)).all() and truth.min() >= 0
    return "multiclass" if numbers and truth.max() < values.shape[1] else "other"


def mismatch(
    judging: Judging, columns: Mapping[str, Column], truth: np.ndarray, classes: Sequence[str]
) -> str | None:
    """How the raw columns disagree with the label that training used; None: they agree.

    Without a formula, the column of the label's name is the label.

    Args:
        judging: What the config says.
        columns: The raw columns of the formula, or of the label.
        truth: The labels of the same rows, as numbers.
        classes: The names of the classes; empty where they have none.

    Raises:
        ConfigError: There is a formula, and it gives other labels or cannot be computed.
    """
    if judging.formula is None:
        if judging.name not in judging.columns:
            return f"preprocessing makes '{judging.name}' from {_listed(judging.columns)}"
        if truth.ndim != 1:
            return f"'{judging.name}' has several numbers a row"
        column = columns[judging.name]
        if not column.is_scalar:
            return f"the column '{judging.name}' has several values a row"
        different = ~_agree(_number_or_text(column, np.float64), truth, classes)
        count = int(np.count_nonzero(different))
        if not count:
            return None
        return f"preprocessing makes another value of '{judging.name}' in {count:,} rows"
    if truth.ndim != 1:
        raise _refused(
            judging,
            f"the label '{judging.name}' has several numbers a row, and a formula gives one",
            "Remove the formula.",
        )
    _check_formula(judging, columns, truth, classes)
    return None


def _check_formula(
    judging: Judging, columns: Mapping[str, Column], truth: np.ndarray, classes: Sequence[str]
) -> None:
    assert judging.formula is not None
    read = formula.parse(judging.formula)
    for name in read.columns:
        if not columns[name].is_scalar:
            raise _refused(
                judging,
                f"the column '{name}' has several values a row",
                "Name columns of one value a row.",
            )
    # Preprocessing computes in single precision, whoever joins labels in double: where the two
    # differ, rounding alone decides, and either will do.
    different = np.ones(len(truth), dtype=bool)
    for precision in (np.float32, np.float64):
        values = {name: _number_or_text(columns[name], precision) for name in read.columns}
        try:
            found = read.values(values)
        except formula.FormulaError as error:
            raise _refused(judging, str(error), "Correct the formula.") from error
        different &= ~_agree(found, truth, classes)
    count = int(np.count_nonzero(different))
    if not count:
        return
    places = np.flatnonzero(different)[:_SHOWN]
    shown = "; ".join(
        ", ".join(f"{name}: {values[name][place]}" for name in read.columns)
        + f" gives {_plain(found[place])}, not {_plain(truth[place])}"
        for place in places
    )
    raise _refused(
        judging,
        f"in {count:,} of {len(truth):,} test rows it gives another label than '{judging.name}', "
        f"by which the model was trained and judged. For instance {shown}.",
        "Correct the formula, so that it says what preprocessing_fn in "
        f"models/{judging.model}/preprocessing.py computes; a missing number counts as 0, and "
        "missing text as empty.",
    )


def _agree(found: np.ndarray, truth: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """In which rows a value is the label: the number, or the name of the class."""
    if found.dtype.kind in "OUS":
        names = np.array([*classes, None], dtype=object)
        places = np.where((truth >= 0) & (truth < len(classes)), truth, len(classes))
        return np.asarray(found == names[places.astype(int)], dtype=bool)
    numbers = found.astype(np.float64)
    same = np.isclose(numbers, truth, rtol=_CLOSE, atol=0)
    if classes:  # Classes that are written as numbers.
        texts = np.array([_plain(number) for number in numbers.tolist()], dtype=object)
        same |= _agree(texts, truth, classes)
    return np.asarray(same, dtype=bool)


def _number_or_text(column: Column, precision: type[np.floating]) -> np.ndarray:
    """A column as a formula takes it: what is missing is 0, or the empty text."""
    if column.values.dtype == object:
        texts = column.filled(b"")
        return np.array([text.decode(errors="replace") for text in texts], dtype=object)
    found = column.filled(0)
    if column.values.dtype.kind == "f" and precision is np.float64:
        # As whoever reads it from a file of labels has it: 0.1, not the nearest in single.
        different, inverse = np.unique(found, return_inverse=True)
        shortest = np.array([float(str(value)) for value in different], dtype=float)
        return shortest[inverse] if len(different) else found.astype(float)
    return found


def _plain(value: object) -> str:
    number = float(value) if isinstance(value, int | float | np.generic) else value
    return f"{number:g}" if isinstance(number, float) else str(number)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)


def _refused(judging: Judging, what: str, remedy: str) -> ConfigError:
    return ConfigError(
        f"models/{judging.model}/config.yaml: monitoring.label does not give the label",
        f"Received: {judging.formula}. {what[:1].upper()}{what[1:]}.".replace("..", "."),
        remedy,
    )
