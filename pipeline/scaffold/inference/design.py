"""The sampled rows as scikit-learn's linear models take them: a sparse block for each input."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.scaffold.inference import splitting
from pipeline.scaffold.inference import task as tasks
from pipeline.scaffold.inference.kinds import Choice
from pipeline.scaffold.reading.profile import TableProfile

Array: TypeAlias = npt.NDArray[Any]
Block: TypeAlias = Callable[[Array, Array], tuple[Any, Any]]
"""From the rows to learn from and those to try on to an input's columns of each, [rows, n]; what is
learnt, such as a mean, is learnt from the first."""


def blocks(table: TableProfile, choices: Mapping[str, Choice]) -> list[Block]:
    """The columns of the design matrix for each input.

    Args:
        table: The table.
        choices: What each column is taken for.
    """
    found: list[Block] = []
    for name, choice in choices.items():
        if not choice.is_input:
            continue
        sample = table.columns[name].sample
        if choice.kind == "text":
            found.append(_Words(sample))
        elif choice.vector and sample.dtype == object:
            found.append(_Numbers(np.array(sample.tolist(), np.float64)))
        elif choice.kind == "date":
            when = splitting.moments(table.columns[name], choice)
            found.append(_Numbers(when[:, None]))
        elif choice.kind in ("category", "code", "boolean"):
            found.append(_Categories(sample))
        else:
            numbers = sample if sample.dtype != object else tasks.as_numbers(sample)
            found.append(_Numbers(numbers[:, None]))
    return found


class _Numbers:
    """Standardized numbers, a missing one as the mean and a column that says so."""

    def __init__(self, values: Array) -> None:
        self._values = values.astype(np.float64)

    def __call__(self, train: Array, test: Array) -> tuple[Any, Any]:
        from scipy import sparse

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of a column without any value in these rows.
            mean = np.nan_to_num(np.nanmean(self._values[train], axis=0))
            std = np.nan_to_num(np.nanstd(self._values[train], axis=0))
        std = np.where(std > 0, std, 1.0)
        parts = []
        for rows in (train, test):
            values = self._values[rows]
            missing = np.isnan(values)
            scaled = np.clip(np.where(missing, 0.0, (values - mean) / std), -5, 5)
            parts.append(sparse.csr_matrix(np.hstack([scaled, missing.astype(float)])))
        return parts[0], parts[1]


class _Categories:
    """The hundred most frequent values, a column for each."""

    def __init__(self, values: Array) -> None:
        self._values = [str(value) for value in values]

    def __call__(self, train: Array, test: Array) -> tuple[Any, Any]:
        from scipy import sparse

        names, counts = np.unique([self._values[row] for row in train], return_counts=True)
        known = {names[place]: number for number, place in enumerate(np.argsort(-counts)[:100])}
        parts = []
        for rows in (train, test):
            columns = np.array([known.get(self._values[row], -1) for row in rows])
            where = np.flatnonzero(columns >= 0)
            shape = (len(rows), max(len(known), 1))
            parts.append(
                sparse.csr_matrix((np.ones(len(where)), (where, columns[where])), shape=shape)
            )
        return parts[0], parts[1]


class _Words:
    """A hashed bag of words."""

    def __init__(self, values: Array) -> None:
        self._values = [value or "" for value in values]

    def __call__(self, train: Array, test: Array) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import HashingVectorizer

        bag = HashingVectorizer(n_features=2**12, norm="l2")
        return (
            bag.transform([self._values[row] for row in train]),
            bag.transform([self._values[row] for row in test]),
        )
