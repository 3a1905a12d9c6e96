"""All features at once: can a classifier tell served rows from rows of training?

A classifier two-sample test (Lopez-Paz and Oquab 2017, arXiv:1610.06545; as a domain classifier in
Rabanser et al. 2019, arXiv:1810.11953). It is trained on one half of the rows and judged on the
other, and the other way round. Given the classifier, the ranks of what it scores in the held-out
half are a Mann-Whitney test; of the two p-values twice the smaller counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import mannwhitneyu

from monitoring.look import words
from monitoring.look.comparison import Comparison, Key, no_chance
from monitoring.look.dependence import one_of_each
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.statistics.sample_size import rows_for_auc
from monitoring.summary.window_summary import WindowSummary

_ROWS = 1_000
"""Of each side, at most."""
_LEAST = 40
"""Rows of each side; with fewer nothing is trained."""
_CODES = 50
"""Distinct texts that are told apart."""
_BINS = 255
"""Of a number, as the classifier has them by default."""
_LARGE_AUC = 0.75
_NAMED = 3
_CHANCE = 0.01
"""The p-value above which it is not asked what the classifier used: most likely noise."""
_KEY = Key("rows", "", "classifier")


class Told(NamedTuple):
    """What the classifier found."""

    comparison: Comparison
    used: dict[str, float]
    """By feature, the held-out AUC that is lost without it; the largest first, at most 20."""


def of_rows(
    profile: ReferenceProfile, window: WindowSummary, ignored: Sequence[str]
) -> Told | None:
    """Trains a classifier on the samples of both; None, if they have no feature in common.

    Args:
        profile: With a sample of training rows.
        window: With a sample of served rows.
        ignored: Features that it may not use.
    """
    names = [
        name
        for name in profile.sample
        if name in window.sample and name not in ignored and name not in window.redacted
    ]
    if not names:
        return None
    generator = np.random.default_rng(0)
    # Rows of one request on both sides of the split would be known again.
    rows = np.arange(len(profile.sample[names[0]])), np.array(one_of_each(window), dtype=np.int64)
    chosen = [generator.permutation(each)[:_ROWS].tolist() for each in rows]
    n, m = (len(each) for each in chosen)

    def rows_needed(level: float) -> int | None:
        return rows_for_auc(_LARGE_AUC, n, level)

    if min(n, m) < _LEAST:
        comparison = Comparison(
            _KEY, "AUC", no_chance, None, m, "too few rows", rows_needed=rows_needed
        )
        return Told(comparison, {})
    columns, texts = [], []
    for name in names:
        text = name in profile.features and profile.features[name].kind == "category"
        values = [
            value
            for sample, places in zip((profile.sample, window.sample), chosen, strict=True)
            for value in map(sample[name].__getitem__, places)
        ]
        columns.append(_codes(values) if text else _numbers(values))
        texts.append(text)
    served = np.repeat([0, 1], [n, m])
    auc, p_value, lost = _judged(np.stack(columns, axis=1), served, texts, generator)
    order = np.argsort(-lost, kind="stable")
    used = {names[i]: float(lost[i]) for i in order[:20] if lost[i] > 0}
    fact = f"served rows can be told from training's with an AUC of {auc:.2f}"
    if used:
        fact += f", most by {words.listed([f'`{name}`' for name in [*used][:_NAMED]])}"
    comparison = Comparison(
        _KEY, "AUC", lambda: p_value, auc, m, fact, 0.5, auc,
        # Of ranks without meaning (Mann and Whitney 1947), the mean of two halves.
        noise=lambda: 0.5 + 1.645 * float(np.sqrt((n + m + 2) / (12 * n * m))),
        rows_needed=rows_needed,
    )  # fmt: skip
    return Told(comparison, used)


def _judged(
    given: np.ndarray, served: np.ndarray, texts: list[bool], generator: np.random.Generator
) -> tuple[float, float, np.ndarray]:
    """The held-out AUC, its p-value, and what of it is lost without each column."""
    # Slow to import, and not needed by what only reads looks.
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    half = np.zeros(len(given), dtype=bool)
    for side in (0, 1):
        of = generator.permutation(np.flatnonzero(served == side))
        half[of[: len(of) // 2]] = True
    aucs, p_values, lost = [], [], np.zeros(given.shape[1])
    with _threads().limit(limits=1):  # Two threads take longer than one for so few rows.
        for train in (half, ~half):
            rows = _binned(given, train, texts)
            classifier = HistGradientBoostingClassifier(
                max_iter=30,
                max_leaf_nodes=4,
                min_samples_leaf=30,
                early_stopping=False,
                class_weight="balanced",
                categorical_features=texts,
                random_state=0,
            ).fit(rows[train], served[train])
            held_out, truth = rows[~train], served[~train]
            scores = classifier.predict_proba(held_out)[:, 1]
            aucs.append(float(roc_auc_score(truth, scores)))
            found = mannwhitneyu(
                scores[truth == 1], scores[truth == 0], alternative="greater", method="asymptotic"
            )
            p_values.append(float(found.pvalue))
            if p_values[-1] > _CHANCE:
                continue
            for column in range(rows.shape[1]):
                without = held_out.copy()
                without[:, column] = generator.permutation(without[:, column])
                less = classifier.predict_proba(without)[:, 1]
                lost[column] += (aucs[-1] - float(roc_auc_score(truth, less))) / 2
    return float(np.mean(aucs)), min(1.0, 2 * min(p_values)), lost


def _binned(rows: np.ndarray, train: np.ndarray, texts: list[bool]) -> np.ndarray:
    """Numbers as the bins that the classifier would put them in, which it takes long to find.

    Only where no bin is without a row to train on: then the same trees are grown of bins.
    """
    found = rows.copy()
    for column in np.flatnonzero(~np.array(texts)):
        values = rows[:, column]
        ordered = np.sort(values[train & ~np.isnan(values)])
        if len(np.unique(ordered)) <= _BINS:
            continue
        places = np.linspace(0, 100, _BINS + 1)[1:-1] / 100 * (len(ordered) - 1)
        low, high = (ordered[each(places).astype(int)] for each in (np.floor, np.ceil))
        bins = np.searchsorted(high - (high - low) * 0.5, values, side="left")
        if (np.bincount(bins[train & ~np.isnan(values)], minlength=_BINS) > 0).all():
            found[:, column] = np.where(np.isnan(values), np.nan, bins)
    return found


@cache
def _threads() -> Any:
    """What limits threads; it looks for all libraries that have some, which takes a while."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _numbers(values: list[Any]) -> np.ndarray:
    """Numbers; what is none, is missing.

    In single precision, which the model computes in: one side may have a number's shortest form,
    and the other all digits of it.
    """
    if not set(map(type, values)) <= {float, int, type(None)}:
        values = [value if isinstance(value, int | float) else None for value in values]
    with np.errstate(over="ignore"):
        made = np.array(values, dtype=np.float64).astype(np.float32)
    return np.where(np.isfinite(made), made, np.nan)


def _codes(values: list[Any]) -> np.ndarray:
    """Texts by how frequent they are among both; rare ones together."""
    counts = Counter(values)
    del counts[None]
    frequent = counts.most_common(_CODES - 1)
    codes = {value: float(code) for code, (value, _) in enumerate(frequent)}
    codes[None] = np.nan
    return np.array([codes.get(value, _CODES - 1) for value in values], dtype=np.float64)
