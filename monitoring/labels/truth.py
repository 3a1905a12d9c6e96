"""From the columns of a file of true labels to the label that a model is judged by."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.labels.formula import Formula, FormulaError, parse
from monitoring.profile.reference_profile import Label, ReferenceProfile
from monitoring.summary.columns import Values

_MOST_TRIED = 6
"""Columns of a file, of which each may be numbers or text."""
_YES, _NO = frozenset({"true", "yes"}), frozenset({"false", "no"})


class Judged(NamedTuple):
    """How a model's label follows, and from what."""

    label: Label
    formula: Formula | None
    """None: it is the column `column`."""
    column: str
    columns: tuple[str, ...]
    """Of the file of true labels."""
    dtypes: Mapping[str, str]
    """Of the features."""


def judged(profile: ReferenceProfile, settings: Settings, given: Sequence[str] = ()) -> Judged:
    """How a version's label follows from a file of true labels.

    Args:
        profile: The version's.
        settings: The model's.
        given: The columns that a command names; none: those of the profile.

    Raises:
        MonitoringError: The model is not judged by one label, or its formula is no use.
    """
    label = profile.label
    if label is None or label.task == "other" or label.output is None:
        raise MonitoringError(
            f"{profile.model}: the reference profile has no label to compare answers with",
            "Several labels at once, or an output that is no score, class or number.",
            "Judge the model by one label, and push it again.",
        )
    columns = tuple(given) or label.columns or (label.name,)
    # Who gives the label itself needs no formula.
    text = None if label.name in columns else settings.label or label.formula
    formula = None
    if text is not None:
        try:
            formula = parse(text)
        except FormulaError as error:
            raise MonitoringError(
                "`monitoring.label` in config.yaml cannot be used", f"Received: {text!r}; {error}.",
                "Correct the key; docs/configuration.md describes it.",
            ) from error  # fmt: skip
        known = {*columns, *profile.features}
        missing = [name for name in formula.columns if name not in known]
        if missing:
            raise MonitoringError(
                f"The label '{text}' needs a column that is not there",
                f"'{missing[0]}' is neither a column of the label ({', '.join(columns)}) nor a "
                "feature of the version.",
                f"Name it: --label {missing[0]}",
            )
        _check(formula, columns, profile)
        columns = tuple(name for name in columns if name in formula.columns) or columns
    elif len(columns) > 1 and label.name not in columns:
        raise MonitoringError(
            f"{profile.model}: how '{label.name}' follows from {', '.join(columns)} is not known",
            "The label has several columns and no formula.",
            "Set `monitoring.label` in config.yaml, such as: label: tips > 0.2 * fare",
        )
    column = label.name if label.name in columns else columns[0]
    dtypes = {name: feature.dtype for name, feature in profile.features.items()}
    return Judged(label, formula, column, columns, dtypes)


def labels(
    how: Judged, truths: Sequence[Mapping[str, Any]], features: Mapping[str, Values]
) -> np.ndarray:
    """[rows]: the label of each row as a number; NaN: it is none.

    Of a binary label 0 or 1, of several classes the class's place, else the number.

    Args:
        how: See `judged`.
        truths: For each row the columns of its file.
        features: The rows' features.

    """
    if how.formula is None:
        given = [truth.get(how.column) for truth in truths]
    else:
        given = _of_formula(how, truths, features)
    return np.array([_number(one, how.label) for one in given], dtype=np.float64)


def _of_formula(
    how: Judged, truths: Sequence[Mapping[str, Any]], features: Mapping[str, Values]
) -> list[Any]:
    """What the formula gives for each row; None where its values do not fit."""
    assert how.formula is not None
    own = [name for name in how.formula.columns if name in how.columns]
    others = {
        name: _first(features.get(name), how.dtypes.get(name, ""), len(truths))
        for name in how.formula.columns
        if name not in own
    }
    # A text among numbers is that row's mistake alone.
    kinds: dict[tuple[bool, ...], list[int]] = {}
    for row, truth in enumerate(truths):
        kind = tuple(isinstance(truth.get(name), str) for name in own)
        kinds.setdefault(kind, []).append(row)
    found: list[Any] = [None] * len(truths)
    for rows in kinds.values():
        columns = {name: column[rows] for name, column in others.items()}
        columns |= {name: _array([truths[row].get(name) for row in rows]) for name in own}
        with contextlib.suppress(FormulaError):
            for row, value in zip(rows, how.formula.values(columns).tolist(), strict=True):
                found[row] = value
    return found


def _check(formula: Formula, columns: Sequence[str], profile: ReferenceProfile) -> None:
    """Checks that a formula fits the features, whether the file's columns are numbers or text."""
    kinds = {name: profile.features[name].dtype for name in formula.columns if name not in columns}
    features = {name: _first(None, dtype, 1) for name, dtype in kinds.items()}
    own = [name for name in formula.columns if name in columns]
    problem: FormulaError | None = None
    for texts in itertools.product((False, True), repeat=min(len(own), _MOST_TRIED)):
        text = dict(zip(own, texts, strict=False))
        values = {name: _array(["" if text.get(name) else 0.0]) for name in own}
        try:
            formula.values({**features, **values})
        except FormulaError as error:
            problem = problem or error
        else:
            return
    raise MonitoringError(
        f"The label '{formula.text}' does not fit the features",
        f"Received: {problem}.",
        "Correct `monitoring.label` in config.yaml; docs/configuration.md describes it.",
    )


def _number(value: Any, label: Label) -> float:
    if isinstance(value, str):
        if value in label.classes:
            return float(label.classes.index(value))
        low = value.lower()
        if label.task == "binary" and low in _YES | _NO:
            return float(low in _YES)
        return float("nan")
    if value is None:
        return float("nan")
    if label.classes and label.task != "regression" and str(value) in label.classes:
        return float(label.classes.index(str(value)))  # Classes that are named by numbers.
    number = float(value)
    if not np.isfinite(number):
        return float("nan")
    if label.task == "binary":
        return number if number in (0.0, 1.0) else float("nan")
    if label.task == "multiclass":
        known = len(label.classes) or 2**31
        return number if number.is_integer() and 0 <= number < known else float("nan")
    return number


def _array(values: list[Any]) -> np.ndarray:
    """[rows]: a column of a file as training has it: 32 bits, and what is missing filled."""
    if any(isinstance(value, str) for value in values):
        return np.array(["" if v is None else str(v) for v in values], dtype=object)
    return np.array([0.0 if v is None else float(v) for v in values], dtype=np.float32)


def _first(values: Values | None, dtype: str, rows: int) -> np.ndarray:
    """[rows]: each row's first value, with training's precision, and what is missing filled."""
    text = dtype == "DT_STRING"
    found = np.full(rows, "" if text else 0.0, dtype=object if text else np.float64)
    if values is not None:
        starts = np.cumsum(values.lengths) - values.lengths
        has = values.lengths > 0
        # Codes are text among categories, and numbers to the pipeline.
        found[has] = np.array(values.values)[starts[has]]
    return found.astype(np.float32) if dtype == "DT_FLOAT" else found
