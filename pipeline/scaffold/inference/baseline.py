"""What a constant and a linear model reach on held-out rows of the sample: bounds for a network.

The linear model is scikit-learn's logistic, ridge or Poisson regression on standardized numbers and
one-hot categories. A bound is what it reaches less what chance does among the rows that it is
tried on and among as many as the test split has: the fifth percentile of 200 bootstrap samples of
bootstrap samples. A network that is as good as a line misses it in one test split of twenty.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.scaffold.inference import splitting
from pipeline.scaffold.inference import task as tasks
from pipeline.scaffold.inference.design import Array, Block, blocks
from pipeline.scaffold.inference.kinds import Choice
from pipeline.scaffold.inference.splitting import Splitting
from pipeline.scaffold.inference.suspects import area_under_curve
from pipeline.scaffold.inference.task import Task
from pipeline.scaffold.reading.profile import TableProfile

Score = Callable[[Array, Array], float]

_RESAMPLES = 200
_FEWEST_ROWS = 15
_MOST_ROWS = 10_000
_MOST_CELLS = 8_000_000
_MOST_FOLDED_CELLS = 500_000
_FOLDED = 3_000
"""Tables with fewer rows are held out fold by fold, so that each row is once."""


@dataclass(frozen=True)
class Figure:
    """What is reached by one metric."""

    metric: str
    """The metric's class, as config.yaml names it."""
    higher: bool
    """Whether higher is better."""
    constant: float
    """What the most frequent class or the mean reaches."""
    linear: float | None
    """What a linear model reaches; None where there are too few rows for one."""
    bound: float
    """What a network has to reach."""
    noise: float
    """The standard deviation by chance, among as many rows as the test split has."""
    label: int | None = None
    """Of several labels the number of the one that it is for."""


def figures(
    table: TableProfile, choices: Mapping[str, Choice], task: Task, split: Splitting
) -> list[Figure]:
    """What a network has to beat, the most important metric first.

    Args:
        table: The table.
        choices: What each column is taken for.
        task: What is learnt.
        split: How rows are split.
    """
    label = tasks.values(task, table)
    if task.name == "multi-label":
        return [
            figure
            for number in range(label.shape[1])
            for figure in _figures(table, choices, _one_of(task), split, label[:, number], number)
        ]
    return _figures(table, choices, task, split, label, None)


def _one_of(task: Task) -> Task:
    return Task("binary", task.labels[:1], task.why, shares=task.shares[:1])


def _figures(
    table: TableProfile,
    choices: Mapping[str, Choice],
    task: Task,
    split: Splitting,
    label: Array,
    number: int | None,
) -> list[Figure]:
    known = np.flatnonzero(np.isfinite(label))
    features = blocks(table, choices)
    most = max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_CELLS // max(len(features) * 4, 1)))
    known = np.sort(np.random.default_rng(0).permutation(known)[:most])
    truth = label[known]
    learnt = np.log1p(truth) if task.name == "log" else truth
    folds = _folds(table, choices, split, known)
    if len(known) * len(features) > _MOST_FOLDED_CELLS:
        folds = folds[:1]
    guess, constant = np.full((2, len(known)), np.nan)
    classes = len(task.classes) if task.name == "multi-class" else 0
    if classes:
        guess, constant = np.full((2, len(known), classes), np.nan)
    for train, test in folds:
        constant[test] = _constant(learnt, classes)
        if len(known) >= _FEWEST_ROWS and features and len(np.unique(learnt[train])) > 1:
            guess[test] = _linear(task, features, known, learnt, train, test, classes)
    tried = np.isfinite(constant.reshape(len(known), -1)).all(axis=1)
    fitted = np.isfinite(guess.reshape(len(known), -1)).all(axis=1)
    rows = max(2, round((table.rows - table.without_label) * split.test_share))
    return [
        figure
        for metric, higher, score in _scores(task)
        if (figure := _figure(
            metric, higher, score, learnt, constant, guess, tried, fitted, rows, number
        ))
    ]  # fmt: skip


def _figure(
    metric: str, higher: bool, score: Score, truth: Array, constant: Array, guess: Array,
    tried: Array, fitted: Array, rows: int, number: int | None,
) -> Figure | None:  # fmt: skip
    """One metric's figure; None where it is not defined on the held-out rows."""
    of_constant = score(truth[tried], constant[tried]) if tried.any() else float("nan")
    of_linear = score(truth[fitted], guess[fitted]) if fitted.any() else float("nan")
    if not np.isfinite(of_constant):
        return None
    sign = 1 if higher else -1
    better = np.isfinite(of_linear) and sign * (of_linear - of_constant) > 0
    judged, answers = (fitted, guess) if better else (tried, constant)
    where = np.flatnonzero(judged)
    random = np.random.default_rng(0)

    def reached(resampled: bool) -> Array:
        """By so many test splits to come, of these rows or of others that might have been tried."""
        found = []
        for _ in range(_RESAMPLES):
            here = random.choice(where, len(where)) if resampled else where
            chosen = random.choice(here, min(rows, 5_000))
            found.append(score(truth[chosen], answers[chosen]))
        return np.array(found)[np.isfinite(found)]

    of_test, of_both = reached(resampled=False), reached(resampled=True)
    if not len(of_test) or not len(of_both):
        return None
    worst = float(np.quantile(of_both, 0.05 if higher else 0.95))
    bound = sign * max(sign * worst, sign * of_constant) if better else worst
    if higher:
        # Who makes no mistake in n rows may make one in n / 3 (Hanley and Lippman-Hand 1983).
        bound = min(bound, 1 - 3 / max(rows, 6))
    linear = float(of_linear) if np.isfinite(of_linear) else None
    return Figure(metric, higher, float(of_constant), linear, bound, float(of_test.std()), number)


def _scores(task: Task) -> list[tuple[str, bool, Score]]:
    """The metrics of a task: name, whether higher is better, and how it is computed."""
    if task.name == "binary":
        return [
            ("AUC", True, lambda truth, guess: _or_nan(area_under_curve(guess, truth))),
            ("AUCPrecisionRecall", True, average_precision),
            ("BinaryAccuracy", True, lambda truth, guess: float(((guess > 0.5) == truth).mean())),
        ]
    if task.name == "multi-class":
        return [
            (
                "SparseCategoricalAccuracy",
                True,
                lambda truth, guess: float((guess.argmax(axis=1) == truth).mean()),
            )
        ]
    squared: Score = lambda truth, guess: float(((guess - truth) ** 2).mean())  # noqa: E731
    if task.name == "log":
        return [("MeanSquaredLogarithmicError", False, squared)]
    return [
        ("RootMeanSquaredError", False, lambda truth, guess: squared(truth, guess) ** 0.5),
        ("MeanAbsoluteError", False, lambda truth, guess: float(abs(guess - truth).mean())),
    ]


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def average_precision(truth: Array, guess: Array) -> float:
    """The area under the precision-recall curve, as a sum over its steps."""
    ones = truth.sum()
    if not ones:
        return float("nan")
    order = np.argsort(-guess, kind="stable")
    scores, hits = guess[order], np.cumsum(truth[order])
    ends = np.flatnonzero(np.append(np.diff(scores) != 0, True))  # Ties are one step.
    precision = hits[ends] / (ends + 1)
    return float((np.diff(hits[ends], prepend=0) * precision).sum() / ones)


def _constant(learnt: Array, classes: int) -> Array:
    if classes:
        return np.bincount(learnt.astype(int), minlength=classes) / max(len(learnt), 1)
    return np.asarray(learnt.mean())


def _linear(
    task: Task,
    features: list[Block],
    known: Array,
    learnt: Array,
    train: Array,
    test: Array,
    classes: int,
) -> Array:
    """The linear model's answers for held-out rows."""
    from scipy import sparse
    from sklearn import linear_model

    columns = [feature(known[train], known[test]) for feature in features]
    before = sparse.hstack([one for one, _ in columns]).tocsr()
    after = sparse.hstack([one for _, one in columns]).tocsr()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if task.is_classes:
            model = linear_model.LogisticRegression(max_iter=100).fit(before, learnt[train])
            found = model.predict_proba(after)
            if not classes:
                return found[:, 1]
            answer = np.zeros((len(test), classes))
            answer[:, model.classes_.astype(int)] = found
            return answer
        if task.name == "count":
            model = linear_model.PoissonRegressor(alpha=1e-3, max_iter=300)
            return model.fit(before, learnt[train]).predict(after)
        low, high = learnt[train].min(), learnt[train].max()
        answers = linear_model.Ridge().fit(before, learnt[train]).predict(after)
        return np.clip(answers, low, high)


def _folds(
    table: TableProfile, choices: Mapping[str, Choice], split: Splitting, known: Array
) -> list[tuple[Array, Array]]:
    """Rows to learn from and rows to try on, held out in the way that the pipeline will."""
    rows = np.arange(len(known))
    if split.way == "time":
        when = splitting.moments(table.columns[split.column], choices[split.column])[known]
        order = np.argsort(when, kind="stable")
        cut = int(0.8 * len(order))
        return [(order[:cut], order[cut:])]
    if split.way == "by":
        sample = table.columns[split.column].sample[known]
        _, group = np.unique([str(value) for value in sample], return_inverse=True)
    else:
        group = rows
    drawn = np.random.default_rng(0).permutation(int(group.max()) + 1 if len(group) else 0)
    fold = drawn[group] % 5
    held_out = range(5) if len(known) < _FOLDED else range(1)
    return [(rows[fold != number], rows[fold == number]) for number in held_out]
