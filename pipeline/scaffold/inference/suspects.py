"""Columns that tell the label alone, are copies of it, or are known only with it: by figures.

What a column tells is learnt from one half of the sampled rows and tried on the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.scaffold.inference.kinds import Choice
from pipeline.scaffold.inference.task import Task
from pipeline.scaffold.reading.profile import ColumnProfile, TableProfile

TELLING = 0.98
"""A column tells the label where it explains this share of what a constant gets wrong."""
STRONG = 0.9
"""From here on somebody should ask when the column is known; of a quantity from 0.8 on, as one
column seldom explains so much of its variance."""
_FEWEST_ROWS = 40
_FEWEST_WRONG = 5
_BINS, _ROWS_OF_BIN = 64, 20
_BY_VALUE = 64
"""Numbers with so many different values are grouped by value, others by quantiles."""


@dataclass(frozen=True)
class Telling:
    """What a column tells of the label by itself."""

    share: float
    """Of what a constant gets wrong, 0 to 1: of the errors, or of the variance."""
    auc: float | None
    """Of a label of two classes, the area under the ROC curve."""
    rows: int
    """So many rows it was tried on."""
    of_classes: bool

    @property
    def is_certain(self) -> bool:
        """Whether it leaves nearly nothing for other columns to tell."""
        return self.share >= TELLING or (self.auc or 0.0) >= 0.995

    @property
    def is_strong(self) -> bool:
        """Whether it tells more than one column mostly does."""
        strong = STRONG if self.of_classes else STRONG - 0.1
        return self.is_certain or self.share >= strong or (self.auc or 0.0) >= 0.98

    def in_words(self, label: str) -> str:
        """The figure, as a sentence."""
        tried = f"tried on {self.rows:,} rows"
        if self.auc is not None:
            return f"tells '{label}' alone with an AUC of {self.auc:.3f}, {tried}"
        return f"explains {self.share:.1%} of '{label}' alone, {tried}"


def telling(
    choices: Mapping[str, Choice], table: TableProfile, task: Task, label: npt.NDArray[Any]
) -> dict[str, Telling]:
    """What each column that a model may read tells of the label by itself.

    Args:
        choices: What each column is taken for.
        table: The table.
        task: What is learnt.
        label: The label of each sampled row, as `task.values` gives it.
    """
    if task.name == "multi-label" or np.isfinite(label).sum() < _FEWEST_ROWS:
        return {}
    found = {}
    for name, choice in choices.items():
        if not choice.is_input or choice.vector or choice.kind == "text":
            continue
        sample = table.columns[name].sample
        numbers = sample if sample.dtype != object else None
        one = _telling(groups_of(table.columns[name], choice), numbers, label, task)
        if one is not None:
            found[name] = one
    return found


def is_copy(profile: ColumnProfile, choice: Choice, label: npt.NDArray[Any], task: Task) -> bool:
    """Whether column and label say the same in other words or in another unit."""
    if task.name == "multi-label":
        return False
    if task.is_classes:
        groups = groups_of(profile, choice)
        known = np.isfinite(label) & (groups >= 0)
        if known.sum() < _FEWEST_ROWS or len(np.unique(groups[known])) > len(
            np.unique(label[known])
        ):
            return False
        pairs = {*zip(groups[known].tolist(), label[known].tolist(), strict=True)}
        first, second = {one for one, _ in pairs}, {other for _, other in pairs}
        return len(first) == len(second) == len(pairs) > 1
    if profile.sample.dtype == object:
        return False
    known = np.isfinite(label) & np.isfinite(profile.sample)
    column, truth = profile.sample[known], label[known]
    if len(truth) < _FEWEST_ROWS or not column.std() or not truth.std():
        return False
    line = np.polynomial.Polynomial.fit(column, truth, 1)
    return bool(((truth - line(column)) ** 2).sum() <= 1e-6 * ((truth - truth.mean()) ** 2).sum())


def missing_with_label(profile: ColumnProfile, table: TableProfile) -> str:
    """Why a column is known only with the label: it is missing where that is; empty: it is not."""
    without = table.without_label
    if without < _FEWEST_WRONG or profile.without_label < 0.5 * without:
        return ""
    elsewhere = profile.missing - profile.without_label
    labelled = table.rows - without
    if elsewhere > 0.001 * labelled or elsewhere > 0.05 * profile.without_label:
        return ""
    return (
        f"missing in {profile.without_label:,} of {without:,} rows without a label, in "
        f"{elsewhere:,} of the {labelled:,} others: known only with it"
    )


def groups_of(profile: ColumnProfile, choice: Choice) -> npt.NDArray[np.int64]:
    """Each sampled row's group by its value, numbers by quantile; -1 where it is missing."""
    sample = profile.sample
    if sample.dtype == object:
        seen: dict[object, int] = {}
        return np.array(
            [-1 if value is None else seen.setdefault(value, len(seen)) for value in sample],
            np.int64,
        )
    present = np.isfinite(sample)
    groups = np.full(len(sample), -1, np.int64)
    distinct = np.unique(sample[present])
    if len(distinct) <= _BY_VALUE or choice.kind in ("code", "category"):
        groups[present] = np.searchsorted(distinct, sample[present])
    else:
        bins = min(max(int(present.sum()) // _ROWS_OF_BIN, 2), _BINS)
        cuts = np.unique(np.quantile(sample[present], np.linspace(0, 1, bins + 1)[1:-1]))
        groups[present] = np.searchsorted(cuts, sample[present], side="right")
    return groups


def _telling(
    groups: npt.NDArray[np.int64],
    numbers: npt.NDArray[Any] | None,
    label: npt.NDArray[Any],
    task: Task,
) -> Telling | None:
    """What groups of rows tell; None where there are too few rows to say."""
    known = np.isfinite(label)
    groups, label = groups[known] + 1, label[known]
    half = np.random.default_rng(0).random(len(label)) < 0.5
    learnt, tried = label[half], label[~half]
    if len(learnt) < _FEWEST_ROWS // 4 or len(tried) < _FEWEST_ROWS // 4:
        return None
    size = int(groups.max()) + 1
    rows = np.bincount(groups[half], minlength=size)
    if not task.is_classes:
        total = float(((tried - learnt.mean()) ** 2).sum())
        sums = np.bincount(groups[half], learnt, minlength=size)
        means = np.where(rows > 0, sums / np.maximum(rows, 1), learnt.mean())
        left = float(((tried - means[groups[~half]]) ** 2).sum())
        if numbers is not None:
            left = min(left, _left_by_a_line(numbers[known], label, half))
        return Telling(max(0.0, 1 - left / total), None, len(tried), False) if total else None
    classes = int(label.max()) + 1
    counts = np.zeros((size, classes))
    np.add.at(counts, (groups[half], learnt.astype(int)), 1)
    overall = counts.sum(axis=0)
    guess = np.where(rows > 0, counts.argmax(axis=1), overall.argmax())
    wrong = float((tried != overall.argmax()).sum())
    if wrong < _FEWEST_WRONG:
        return None
    share = 1 - float((guess[groups[~half]] != tried).sum()) / wrong
    auc = None
    if classes == 2:
        rate = overall[1] / max(overall.sum(), 1)
        scores = (counts[:, 1] + rate) / (rows + 1)
        auc = area_under_curve(scores[groups[~half]], tried)
        if numbers is not None:
            auc = max(auc or 0.0, _area_by_order(numbers[known], label, half))
    return Telling(max(0.0, share), auc, len(tried), True)


def _area_by_order(
    numbers: npt.NDArray[Any], label: npt.NDArray[Any], half: npt.NDArray[np.bool_]
) -> float:
    """The area under the ROC curve of the numbers as they are, up or down as in the first half."""
    present = np.isfinite(numbers)
    before, after = half & present, ~half & present
    rising = area_under_curve(numbers[before], label[before])
    area = area_under_curve(numbers[after], label[after])
    if rising is None or area is None:
        return 0.0
    # Rows without a number are as good as drawn by lot.
    share = float(present[~half].mean())
    return share * (area if rising >= 0.5 else 1 - area) + (1 - share) * 0.5


def _left_by_a_line(
    numbers: npt.NDArray[Any], label: npt.NDArray[Any], half: npt.NDArray[np.bool_]
) -> float:
    """The squared error that a straight line leaves, of missing numbers that of the mean."""
    numbers = np.where(np.isfinite(numbers), numbers, np.nanmean(numbers))
    if not numbers[half].std():
        return float("inf")
    line = np.polynomial.Polynomial.fit(numbers[half], label[half], 1)
    return float(((label[~half] - line(numbers[~half])) ** 2).sum())


def area_under_curve(scores: npt.NDArray[Any], truth: npt.NDArray[Any]) -> float | None:
    """The area under the ROC curve by ranks (Hanley and McNeil 1982); None of one class alone."""
    positive = truth == 1
    if positive.all() or not positive.any():
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    ones = int(positive.sum())
    zeros = len(truth) - ones
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))
