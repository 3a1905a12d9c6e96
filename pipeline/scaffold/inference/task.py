"""What a label asks of the network: a class, several, a quantity or a count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from models.common.errors import DataError, did_you_mean
from pipeline.scaffold.inference import kinds
from pipeline.scaffold.reading import spellings
from pipeline.scaffold.reading.profile import ColumnProfile, TableProfile

TaskName = Literal["binary", "multi-class", "multi-label", "regression", "log", "count"]
TASKS: tuple[TaskName, ...] = get_args(TaskName)

MOST_CLASSES = 100
_FEWEST_OF_CLASS = 5
_HEAVY_TAIL = 2.0


@dataclass(frozen=True)
class Task:
    """What is learnt."""

    name: TaskName
    labels: tuple[str, ...]
    why: str
    others: tuple[TaskName, ...] = ()
    """What else it may well be, to be asked; empty: it is clear."""
    classes: tuple[str, ...] = ()
    """The classes' names, the first of which is 0; empty of 0 and 1, and of quantities."""
    shares: tuple[float, ...] = ()
    """Of the rows with a label, how many are of each class; of several labels, have each."""
    mean: float = 0.0
    """Of a quantity's values as the network learns them: of `log`, of log(1 + value)."""
    std: float = 1.0

    @property
    def is_classes(self) -> bool:
        """Whether the network tells a class, and not a quantity."""
        return self.name in ("binary", "multi-class", "multi-label")

    @property
    def is_rare(self) -> bool:
        """Whether a class is so rare that most figures are good for who never names it."""
        if self.name == "multi-class":
            return min(self.shares) * len(self.shares) < 0.2
        return self.name == "binary" and min(self.shares) < 0.2


def find(
    table: TableProfile, labels: Sequence[str], wanted: TaskName | None = None, data: str = ""
) -> Task:
    """The task of a label, or of several.

    Args:
        table: The table.
        labels: The label's columns.
        wanted: What somebody said it is; None: by its values.
        data: What the table is called in messages.

    Raises:
        DataError: There is no such column, or nothing that a network could learn in it.
    """
    for name in labels:
        _check(table, name, data)
    if len(labels) > 1:
        return _several(table, labels, wanted, data)
    profile = table.columns[labels[0]]
    found = _text(profile, data) if not profile.is_number else _number(profile)
    if wanted is None or wanted == found.name:
        return found
    return _as_wanted(profile, wanted, data)


def values(task: Task, table: TableProfile) -> npt.NDArray[Any]:
    """The label of each sampled row: a class's number or a quantity, NaN where there is none.

    Of several labels [rows, labels] of 0 and 1.
    """
    if task.name == "multi-label":
        return np.stack([_truths(table.columns[name]) for name in task.labels], axis=1)
    sample = table.columns[task.labels[0]].sample
    if task.classes:
        numbers: dict[str | None, int] = {name: place for place, name in enumerate(task.classes)}
        names = [_class_name(value) for value in sample]
        return np.array([numbers.get(name, np.nan) for name in names], np.float64)
    if sample.dtype != object:
        return sample
    return _truths(table.columns[task.labels[0]]) if task.is_classes else as_numbers(sample)


def _check(table: TableProfile, name: str, data: str) -> None:
    if name not in table.columns:
        known = list(table.columns)
        raise DataError(
            f"--label {name}: {data or 'the data'} has no such column{did_you_mean(name, known)}",
            f"Its columns: {', '.join(known[:40])}{', ...' if len(known) > 40 else '.'}",
            "Name one of them.",
        )
    profile = table.columns[name]
    if profile.column.unreadable is not None or profile.column.is_list:
        what = profile.column.unreadable or "lists"
        raise DataError(
            f"--label {name}: the column has {what}",
            "Expected: a number, a truth value or a class in each row.",
            "Write the label as a number or text.",
        )
    # An exact count of values, as the marks of missing ones are taken out already.
    if profile.distinct < 2:
        shown = [f"'{_class_name(value)}'" for value, _ in profile.counts[:1]] or ["no value"]
        raise DataError(
            f"--label {name}: the column has {shown[0]} alone: there is nothing to learn",
            f"Expected: different values. Received: {profile.present:,} of {profile.rows:,} rows "
            "with a value.",
            "Correct the data, or name another column.",
        )


def _text(profile: ColumnProfile, data: str) -> Task:
    name = profile.name
    texts = [value for value, _ in profile.counts if isinstance(value, str)]
    if truths := spellings.truth_values(texts) if profile.is_exact else None:
        no, yes = truths
        if len(no) == len(yes) == 1:
            return _classes(profile, (no[0], yes[0]), "two truth values")
        return Task(
            "binary", (name,), "two truth values, spelled in several ways",
            shares=_shares(profile, (no, yes)),
        )  # fmt: skip
    if texts and all(map(spellings.is_number, texts)) and profile.distinct > 2:
        return _quantity(profile, as_numbers(profile.sample), whole=False)
    if commas := spellings.decimal_commas(texts):
        raise DataError(
            f"--label {name}: numbers with a decimal comma",
            f"Expected: numbers with a point, such as 1234.5. Received: "
            f"{', '.join(repr(text) for text in commas[:3])}.",
            "Write the numbers of the table with a point, as programs export them.",
        )
    names = sorted({_class_name(text) or "" for text in texts})
    few = len(names) <= max(20, profile.present // 2)
    if not profile.is_exact or len(names) > MOST_CLASSES or not few or not texts:
        raise DataError(
            f"--label {name}: text with {profile.distinct:,} different values in "
            f"{profile.present:,} rows",
            f"Expected: a number, or at most {MOST_CLASSES} classes of many rows each. Received: "
            f"{', '.join(repr(text) for text in texts[:3])} and so on.",
            "Name another column, or write the label as a number or as fewer classes.",
        )
    for text in texts:
        if "\n" in text or "\r" in text:
            raise DataError(
                f"--label {name}: a class has a line break in its name: {text!r:.60}",
                "Expected: names of one line, as files of names have one a line.",
                "Rename the class in the data.",
            )
    if len(names) < 2:
        raise DataError(
            f"--label {name}: the column has '{names[0]}' alone: there is nothing to learn",
            "Received: values that differ in blanks only.",
            "Correct the data, or name another column.",
        )
    return _classes(profile, tuple(names), f"text with {len(names)} values")


def _classes(profile: ColumnProfile, names: tuple[str, ...], why: str) -> Task:
    task: TaskName = "binary" if len(names) == 2 else "multi-class"
    shares = _shares(profile, [(name,) for name in names])
    return Task(task, (profile.name,), why, classes=names, shares=shares)


def _shares(profile: ColumnProfile, spelled: Sequence[Sequence[str]]) -> tuple[float, ...]:
    rows: dict[str, int] = {}
    for value, count in profile.counts:
        name = _class_name(value) or ""
        rows[name] = rows.get(name, 0) + count
    found = [sum(rows.get(one, 0) for one in names) for names in spelled]
    return tuple(count / max(sum(found), 1) for count in found)


def _number(profile: ColumnProfile) -> Task:
    name = profile.name
    numbers = [float(value) for value, _ in profile.counts]
    whole = all(number == round(number) for number in numbers)
    if profile.distinct == 2:
        if set(numbers) == {0.0, 1.0}:
            shares = _shares(profile, (("0",), ("1",)))
            return Task("binary", (name,), "0 and 1", shares=shares)
        if whole:
            return _classes(profile, _codes(numbers), "two numbers")
    if whole and profile.is_exact and profile.distinct <= 20:
        fewest = min(count for _, count in profile.counts)
        if profile.distinct <= kinds.FEW and fewest >= _FEWEST_OF_CLASS:
            why = f"{profile.distinct} different whole numbers"
            task = _classes(profile, _codes(numbers), why)
            likely: tuple[TaskName, ...] = ("count", "regression")
            return Task(task.name, task.labels, why, likely, task.classes, task.shares)
    return _quantity(profile, profile.sample, whole)


def _codes(numbers: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{number:.0f}" for number in sorted(numbers))


def _quantity(
    profile: ColumnProfile, sample: npt.NDArray[Any], whole: bool, wanted: TaskName | None = None
) -> Task:
    """A number to predict: a count, one with a heavy tail, or any other."""
    numbers = sample[np.isfinite(sample)]
    low, mean = float(numbers.min()), float(numbers.mean())
    found: TaskName = "regression"
    why = "numbers"
    if low >= 0:
        skewness, of_logs = _skewness(numbers), _skewness(np.log1p(numbers))
        if whole and low <= 1 and numbers.max() <= 10_000 and numbers.max() >= 3 * mean:
            found, why = "count", f"whole numbers from {low:.0f} to {numbers.max():,.0f}"
        elif skewness > _HEAVY_TAIL and abs(of_logs) < skewness / 2:
            found = "log"
            why = f"never negative, with a heavy tail: a skewness of {skewness:.1f}, of its "
            why += f"logarithm {of_logs:.1f}"
    name = wanted or found
    learnt = np.log1p(numbers) if name == "log" else numbers
    return Task(
        name, (profile.name,), why if wanted is None else "as you said",
        mean=float(learnt.mean()), std=float(learnt.std()) or 1.0,
    )  # fmt: skip


def _skewness(numbers: npt.NDArray[Any]) -> float:
    centred = numbers - numbers.mean()
    deviation = centred.std()
    return float((centred**3).mean() / deviation**3) if deviation else 0.0


def _as_wanted(profile: ColumnProfile, wanted: TaskName, data: str) -> Task:
    numbers = profile.sample if profile.is_number else as_numbers(profile.sample)
    finite = numbers[np.isfinite(numbers)]
    if wanted in ("regression", "log", "count") and len(finite) >= 0.9 * profile.present > 0:
        if wanted == "regression" or finite.min() >= 0:
            return _quantity(profile, numbers, False, wanted)
        received = f"{finite.min():g}"
        expected = "numbers of at least 0"
    elif wanted in ("binary", "multi-class") and profile.is_exact:
        names = {_class_name(value) or "" for value, _ in profile.counts}
        if len(names) == 2 if wanted == "binary" else 2 < len(names) <= MOST_CLASSES:
            whole = profile.is_number and (finite == np.round(finite)).all()
            if whole or not profile.is_number:
                ordered = sorted(names, key=float) if profile.is_number else sorted(names)
                return _classes(profile, tuple(ordered), "as you said")
        expected = "two values" if wanted == "binary" else f"3 to {MOST_CLASSES} classes"
        received = f"{len(names):,}"
    else:
        expected, received = {
            "multi-label": ("several --label", "one"),
        }.get(wanted, ("numbers", f"{profile.distinct:,} values, such as {profile.counts[0][0]!r}"))
    raise DataError(
        f"--set task={wanted}: the label '{profile.name}' is not such",
        f"Expected: {expected}. Received: {received}.",
        "Leave it out, and the task follows from the label; or name another.",
    )


def _several(
    table: TableProfile, labels: Sequence[str], wanted: TaskName | None, data: str
) -> Task:
    twice = [name for name in labels if list(labels).count(name) > 1]
    if twice or wanted not in (None, "multi-label"):
        raise DataError(
            f"--label {twice[0]}: it is given twice"
            if twice
            else f"--set task={wanted}: there are {len(labels)} labels",
            "Expected: a column of truth values by each --label.",
            "Give each column once, and one --label where the model predicts one thing.",
        )
    shares = []
    for name in labels:
        texts = [_class_name(value) or "" for value, _ in table.columns[name].counts]
        if spellings.truth_values(texts) is None:
            raise DataError(
                f"--label {name}: of several labels each has to be one of truth values",
                f"Expected: 0 and 1, or true and false, yes and no. Received: "
                f"{', '.join(repr(text) for text in texts[:4])}.",
                "Give one --label where the model predicts one thing.",
            )
        truths = _truths(table.columns[name])
        shares.append(float(np.nanmean(truths)))
    return Task("multi-label", tuple(labels), f"{len(labels)} labels", shares=tuple(shares))


def _truths(profile: ColumnProfile) -> npt.NDArray[np.float64]:
    """0, 1 and NaN, of truth values in any spelling."""
    found = spellings.truth_values([_class_name(value) or "" for value, _ in profile.counts])
    no, yes = found or ((), ())
    known: Mapping[str | None, float] = {**dict.fromkeys(no, 0.0), **dict.fromkeys(yes, 1.0)}
    return np.array([known.get(_class_name(value), np.nan) for value in profile.sample])


def as_numbers(sample: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Numbers of texts such as `$1,234.5`, NaN where one is none."""
    return np.array([spellings.number(value) if value else np.nan for value in sample], np.float64)


def _class_name(value: object) -> str | None:
    """A class's name, as preprocessing makes it; None where there is no value."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    assert isinstance(value, float | int)
    if value != value:
        return None
    return f"{value:.0f}" if value == round(value) else repr(float(value))
