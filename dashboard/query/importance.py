"""How much of an outcome each hyperparameter accounts for, and how sure that is.

A forest of extremely randomized trees (Geurts, Ernst and Wehenkel 2006) learns the outcome of some
rows and is asked about others; then one hyperparameter's values are drawn anew, and by how much the
squared error rises is its importance (Breiman 2001; Fisher, Rudin and Dominici 2019). Half of that
rise over the outcome's variance is the share that it accounts for, alone or together with others:
the total effect of Sobol, by Jansen's formula (1999). All of it is repeated over bootstrap samples,
each judged on the rows that it left out (Efron and Tibshirani 1997): their spread is the interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FEWEST_ROWS = 10
MOST_ROWS = 400
"""Of more rows, as many at random: more would be waited for, and tell the same."""
_SAMPLES = 100
"""Bootstrap samples; fewer where there are so many hyperparameters that it would be waited for."""
_FEWEST_SAMPLES = 30
_TREES = 10
_DRAWS = 5
"""How often a hyperparameter's values are drawn anew for a sample, at most."""
_INTERVAL = (2.5, 97.5)
"""Percentiles of the samples."""


@dataclass(frozen=True)
class Importance:
    """One hyperparameter's."""

    key: str
    share: float
    """Of the outcome's variance, usually 0 to 1; below 0 where the forest learned mere chance."""
    low: float
    """The ends of its 95 % interval."""
    high: float
    trend: float | None
    """Spearman's rank correlation with the outcome, -1 to 1; None for words."""

    @property
    def matters(self) -> bool:
        """Whether chance alone is an unlikely reason for its share."""
        return self.low > 0


@dataclass(frozen=True)
class Importances:
    """Those of all hyperparameters that differ, the greatest first."""

    rows: int
    """That have the outcome, and were looked at."""
    explained: float | None = None
    """Share of the outcome's variance that the forest predicts of rows it has not seen (R2); None:
    nothing was computed."""
    found: list[Importance] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    """Hyperparameters that have one value in all rows, of which nothing can be said."""
    problem: str = ""
    """Why nothing was computed, in words."""

    def as_json(self) -> dict[str, Any]:
        """What a page is told."""
        found = [{**one.__dict__, "matters": one.matters} for one in self.found]
        return {**self.__dict__, "found": found}


def importances(inputs: Mapping[str, Sequence[Any]], outcome: Sequence[Any]) -> Importances:
    """How much each input accounts for.

    Args:
        inputs: By key the value in each row: a number, a text, or None.
        outcome: A number in each row, or None where there is none.
    """
    rows = [place for place, value in enumerate(outcome) if _is_number(value)]
    columns = {key: [values[place] for place in rows] for key, values in inputs.items()}
    differing = {key: values for key, values in columns.items() if len(set(values)) > 1}
    same = [key for key in columns if key not in differing]
    scores = [outcome[place] for place in rows]
    if not differing:
        return Importances(len(rows), same=same, problem="No hyperparameter differs.")
    if len(rows) < FEWEST_ROWS:
        told = f"At least {FEWEST_ROWS} rows with the outcome are needed; there are {len(rows)}."
        return Importances(len(rows), same=same, problem=told)
    if len(set(scores)) == 1:
        return Importances(len(rows), same=same, problem="The outcome is the same in all rows.")
    return _computed(differing, scores, same)


def _computed(
    columns: Mapping[str, Sequence[Any]], scores: Sequence[float], same: list[str]
) -> Importances:
    import numpy as np

    random = np.random.default_rng(0)
    y = np.array(scores, dtype=float)
    x = np.stack([_encoded(values) for values in columns.values()], axis=1)
    if y.size > MOST_ROWS:
        kept = random.choice(y.size, MOST_ROWS, replace=False)
        x, y = x[kept], y[kept]
    y = y / np.abs(y).max()  # So that no square of it is beyond a double.
    y = (y - y.mean()) / (y.std() or 1.0)
    shares, explained = _bootstrap(x, y, random)
    low, high = np.percentile(shares, _INTERVAL, axis=0)
    found = [
        Importance(
            key,
            float(shares[:, j].mean()),
            float(low[j]),
            float(high[j]),
            _trend(x[:, j], y, values),
        )
        for j, (key, values) in enumerate(columns.items())
    ]
    found.sort(key=lambda one: one.share, reverse=True)
    return Importances(int(y.size), float(explained), found, same)


def _bootstrap(x: Any, y: Any, random: Any) -> tuple[Any, float]:
    """Shares of the variance by sample and column, and what the forest explains."""
    import numpy as np
    from sklearn.tree import ExtraTreeRegressor

    inputs = x.shape[1]
    samples = min(_SAMPLES, max(_FEWEST_SAMPLES, 2000 // inputs))
    draws = min(_DRAWS, max(1, 50 // inputs))
    shares: list[Any] = []
    errors: list[float] = []
    while len(shares) < samples:
        sample = random.integers(0, y.size, y.size)
        left_out = np.setdiff1d(np.arange(y.size), sample)
        if left_out.size < 2:
            continue
        asked = np.tile(x[left_out], (1 + inputs * draws, 1, 1))
        for j in range(inputs):
            drawn = random.choice(x[:, j], (draws, left_out.size))
            asked[1 + j * draws : 1 + (j + 1) * draws, :, j] = drawn
        flat, answers = asked.reshape(-1, inputs), np.zeros(asked.shape[:2])
        for _ in range(_TREES):  # Without the ensemble's class, which takes ten times as long.
            tree = ExtraTreeRegressor(max_features=1.0, random_state=int(random.integers(2**31)))
            tree.fit(x[sample], y[sample], check_input=False)
            answers += tree.predict(flat, check_input=False).reshape(answers.shape) / _TREES
        error = ((answers - y[left_out]) ** 2).mean(axis=1)
        rise = error[1:].reshape(inputs, draws).mean(axis=1) - error[0]
        shares.append(rise / 2)
        errors.append(error[0])
    return np.array(shares), 1 - float(np.mean(errors))


def _encoded(values: Sequence[Any]) -> Any:
    """A column as the places of its values in their order, what is missing below all others.

    So a scale of powers of ten is split as evenly as any other.
    """
    import numpy as np

    numeric = all(_is_number(value) or value is None for value in values)
    kinds = {value if numeric else str(value) for value in values if value is not None}
    places = {value: place for place, value in enumerate(sorted(kinds))}
    return np.array(
        [-1 if value is None else places[value if numeric else str(value)] for value in values],
        dtype=np.float32,
    )


def _trend(column: Any, y: Any, values: Sequence[Any]) -> float | None:
    if not all(_is_number(value) for value in values):
        return None
    from scipy.stats import spearmanr

    found = float(spearmanr(column, y).statistic)
    return found if found == found else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
