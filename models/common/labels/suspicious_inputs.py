"""What makes a model look good and be of no use: identifiers, columns that know the label, and
groups of rows, such as those of a user, that are in several splits.

None is a mistake for certain, so a run goes on and warns of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from models.common import examples
from models.common.labels.checks import MOST_CLASSES, LabelValues
from models.common.plan import Plan

TELLING = 0.98
"""A column tells the label alone where it explains this share of what a constant gets wrong."""
_TRAIN_ROWS, _EVAL_ROWS = 20_000, 5_000
_FEWEST_ROWS, _FEWEST_WRONG = 20, 5
_FEWEST_GROUPS, _ROWS_OF_GROUP = 20, 1.5
_MOST_UNREAD = 100
"""Of more columns that no model reads, looking at each would take longer than it is worth."""
_BINS = 64
_UNIQUE = 0.95


def findings(
    plan: Plan,
    transform: tft.TFTransformOutput,
    train_files: Sequence[str],
    eval_files: Sequence[str],
    label: LabelValues,
) -> list[dict[str, str]]:
    """Looks at each column by itself; returns a `headline` and a `detail` for each that stands out.

    An input stands out by what it tells. A column that no model reads does where rows are split one
    by one, and those that agree in it have the same label: training has then seen the users of the
    test split.

    What a column tells of the label is learnt from the first 20,000 rows of the training split and
    tried on the first 5,000 of the other, so that a column with a value of its own in each row
    tells nothing.

    Args:
        plan: What the configuration says of the label.
        transform: The fitted preprocessing.
        train_files: TFRecord files of raw examples to learn from.
        eval_files: The same for validation.
        label: What the training split has of the label.
    """
    spec = transform.raw_feature_spec()
    names = [name for name in (*plan.inputs, *_unread(plan, spec)) if name in spec]
    scalar = {name: spec[name] for name in names if _is_scalar(spec[name])}
    train, train_label = _table(transform, scalar, plan.label, train_files, _TRAIN_ROWS)
    held_out, held_out_label = _table(transform, scalar, plan.label, eval_files, _EVAL_ROWS)
    found = []
    for name, values in train.items():
        is_input = name in plan.inputs
        if _is_identifier(values):
            if is_input:
                found.append(_identifier(name, values))
        elif not is_input and not _is_group(values):
            continue
        elif len(held_out_label) >= _FEWEST_ROWS and train_label.shape[1:] in ((), (1,)):
            of_classes = label.counts is not None and len(label.counts) <= MOST_CLASSES
            tried = held_out[name]
            if not is_input:  # Each value is a group, and numbers are no quantity.
                values, tried = values.astype(object), tried.astype(object)
            column = (values, train_label.ravel(), tried, held_out_label.ravel())
            right, without = _share_right(*column) if of_classes else _share_explained(*column)
            if _tells(right, without, len(held_out_label)):
                tell = _telling if is_input else _group
                found.append(tell(plan, name, right, without, len(held_out_label), of_classes))
    return found


def _unread(plan: Plan, spec: Iterable[str]) -> list[str]:
    """The columns that may be of groups which are in several splits."""
    if not plan.split_by_row:
        return []
    known = {*plan.inputs, *plan.label_columns, plan.weight}
    unread = sorted(set(spec) - known)
    return unread if len(unread) <= _MOST_UNREAD else []


def _tells(right: float, without: float, rows: int) -> bool:
    """Whether a column explains nearly all that the constant does not, in more than a few rows."""
    unexplained = 1 - without
    return unexplained * rows >= _FEWEST_WRONG and right - without >= TELLING * unexplained


def _identifier(name: str, values: np.ndarray) -> dict[str, str]:
    return {
        "headline": f"The input '{name}' looks like an identifier",
        "detail": f"{len(np.unique(values)):,} different values in {len(values):,} rows of the "
        "training split. What a model learns of them says nothing of new rows: remove it from "
        "INPUTS.",
    }


def _telling(
    plan: Plan, name: str, right: float, without: float, rows: int, of_classes: bool
) -> dict[str, str]:
    figures = _figures(right, without, rows, of_classes)
    return {
        "headline": f"The input '{name}' tells the label '{plan.label}' alone",
        "detail": f"{figures} See whether it is known when a prediction is asked for; if it is "
        "not, move it from INPUTS to label.columns.",
    }


def _group(
    plan: Plan, name: str, right: float, without: float, rows: int, of_classes: bool
) -> dict[str, str]:
    figures = _figures(right, without, rows, of_classes)
    return {
        "headline": f"Rows with the same '{name}' have the same label, and are in several splits",
        "detail": f"{figures} A model that knows them again in the test split looks better than it "
        f"is. Keep them together: splits.by: {json.dumps([name], ensure_ascii=False)}.",
    }


def _figures(right: float, without: float, rows: int, of_classes: bool) -> str:
    if of_classes:
        return (
            f"By its value alone {right:.1%} of {rows:,} rows of the eval split are right, by the "
            f"most frequent class {without:.1%}."
        )
    return (
        f"Its value alone explains {right:.1%} of the label's variance in {rows:,} rows of the "
        "eval split."
    )


def _is_scalar(spec: tf.io.FixedLenFeature | tf.io.VarLenFeature) -> bool:
    return isinstance(spec, tf.io.VarLenFeature) or list(spec.shape) in ([], [1])


def _table(
    transform: tft.TFTransformOutput,
    spec: dict[str, tf.io.FixedLenFeature | tf.io.VarLenFeature],
    label: str,
    files: Sequence[str],
    rows: int,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The columns with at most one value a row, [rows] each, and the label; missing: NaN or ""."""
    # All at once: each that Python takes by itself costs as much as many.
    batch = next(iter(examples.records(files).batch(rows)), None)
    if batch is None:
        return {}, np.zeros(0)
    columns = {}
    for name, tensor in (examples.parse(batch, spec) if spec else {}).items():
        if isinstance(tensor, tf.SparseTensor):
            if tensor.dense_shape[1] > 1:
                continue  # A list.
            values = np.full(len(batch), b"" if tensor.dtype == tf.string else np.nan, object)
            values[tensor.indices.numpy()[:, 0]] = tensor.values.numpy()
        else:
            values = tensor.numpy().ravel()
        is_text = tensor.dtype == tf.string
        whole = tensor.dtype.is_integer and not isinstance(tensor, tf.SparseTensor)
        columns[name] = values.astype(object if is_text else np.int64 if whole else np.float64)
    return columns, examples.feature(transform, label)(batch).numpy()


def _is_identifier(values: np.ndarray) -> bool:
    """Whether nearly each row has a value of its own: a word, or a number counted upwards."""
    different = len(np.unique(values))
    if len(values) < _FEWEST_ROWS or different < _UNIQUE * len(values):
        return False
    if values.dtype == object:
        return not any(b" " in value for value in values)  # Free text is no identifier.
    whole = values.dtype.kind == "i"
    return bool(whole and np.ptp(values) < 2 * len(values))


def _is_group(values: np.ndarray) -> bool:
    """Whether its words or whole numbers may be groups of a few rows, such as those of a user."""
    different = len(np.unique(values))
    few_rows = _ROWS_OF_GROUP * different <= len(values)
    return values.dtype.kind in "Oi" and different >= _FEWEST_GROUPS and few_rows


def _share_right(
    values: np.ndarray, label: np.ndarray, tried: np.ndarray, truth: np.ndarray
) -> tuple[float, float]:
    """Which share of the tried rows has the class that is most frequent for the column's value,
    and which has the most frequent class of all."""
    classes, numbers = np.unique(label, return_inverse=True)
    most = classes[np.bincount(numbers).argmax()]
    shares = []
    for known, new in _groupings(values, numbers, len(classes), tried):
        groups = int(max(known.max(), new.max())) + 1
        cells = np.bincount(known * len(classes) + numbers, minlength=groups * len(classes))
        counts = cells.reshape(groups, len(classes))
        guess = np.where(counts.any(axis=1), classes[counts.argmax(axis=1)], most)
        shares.append(float((guess[new] == truth).mean()))
    return max(shares), float((truth == most).mean())


def _share_explained(
    values: np.ndarray, label: np.ndarray, tried: np.ndarray, truth: np.ndarray
) -> tuple[float, float]:
    """Which share of the label's variance is explained by the mean for the column's value, or by a
    straight line; and by the mean of all, which is none."""
    total = ((truth - label.mean()) ** 2).sum()
    if not total:
        return 0.0, 1.0
    guesses = []
    [(known, new), *_] = _groupings(values, np.zeros(len(values), int), 1, tried)
    size = int(max(known.max(), new.max())) + 1
    counts, sums = np.bincount(known, minlength=size), np.bincount(known, label, minlength=size)
    guesses.append(np.where(counts > 0, sums / np.maximum(counts, 1), label.mean())[new])
    if values.dtype != object and np.isfinite(values).all() and np.ptp(values) > 0:
        line = np.polynomial.Polynomial.fit(values, label, 1)
        guesses.append(line(np.where(np.isfinite(tried), tried, np.mean(values))))
    return max(1 - float(((truth - guess) ** 2).sum() / total) for guess in guesses), 0.0


def _groupings(
    values: np.ndarray, numbers: np.ndarray, classes: int, tried: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Ways to group rows by a column, each as the groups' numbers of known and of tried rows."""
    if values.dtype == object or len(np.unique(values)) <= _BINS:
        found = {value: number for number, value in enumerate(sorted(set(values.tolist())))}
        groups = [np.array([found.get(v, len(found)) for v in v_s]) for v_s in (values, tried)]
        return [(groups[0], groups[1])]
    present = values[np.isfinite(values)]
    bins = max(2, min(_BINS, len(present) // 10))
    edges = [np.unique(np.quantile(present, np.linspace(0, 1, bins + 1)[1:-1]))]
    if classes > 1:
        edges.append(_best_cut(values, numbers, classes))
    # NaN is a group of its own: it sorts behind every number.
    beyond = [np.append(cut, np.inf) for cut in edges]
    return [(np.searchsorted(cut, values), np.searchsorted(cut, tried)) for cut in beyond]


def _best_cut(values: np.ndarray, numbers: np.ndarray, classes: int) -> np.ndarray:
    """The one number that tells the classes below it best from those above it."""
    order = np.argsort(values)
    ranked = values[order]
    below = np.cumsum(np.eye(classes)[numbers[order]], axis=0)
    right = below.max(axis=1) + (below[-1] - below).max(axis=1)
    right[:-1][ranked[:-1] == ranked[1:]] = -1  # No cut between two rows of one value.
    best = int(right[:-1].argmax())
    return np.array([(ranked[best] + ranked[best + 1]) / 2])
