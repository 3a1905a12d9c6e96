"""The text of `config.yaml`: data, label, splits, budget, and what a model has to beat."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pipeline.scaffold.inference.baseline import Figure
from pipeline.scaffold.inference.proposal import Proposal
from pipeline.scaffold.inference.splitting import Splitting
from pipeline.scaffold.reading.location import Location
from pipeline.scaffold.writing.budget import Budget
from pipeline.scaffold.writing.python_text import flow, scalar, words

_JUDGED = {
    "binary": ("AUC", "AUCPrecisionRecall", "BinaryAccuracy"),
    "multi-label": ("AUC",),
    "multi-class": ("SparseCategoricalAccuracy",),
    "regression": ("RootMeanSquaredError",),
    "log": ("MeanSquaredLogarithmicError",),
    "count": ("RootMeanSquaredError",),
}
"""The metrics with bounds; others are shown."""
_ALSO_SHOWN = {
    "regression": ("MeanAbsoluteError",),
    "log": ("MeanAbsoluteError",),
    "count": ("MeanAbsoluteError",),
}
_MOST_LABELS = 10
_FEWEST_OF_CLASS = 5
_MONITORING = """\
# What is served beside what was trained on (python -m monitoring check; docs/monitoring.md)
monitoring:
  window_rows: 1000  # a look after so many served rows,
  window_hours: 24  # or after so many hours
  # Of what is known to change, such as a date, name the features: ignore: [day].
  on_alarm: notify  # or nothing; retrain, which watch --act does"""


def config(name: str, label: str, proposal: Proposal, location: Location, budget: Budget) -> str:
    """The text of the file.

    Args:
        name: The model's name.
        label: The label among the outputs of `preprocessing_fn`.
        proposal: What was found in the table.
        location: Where the table is.
        budget: How long the network may train.
    """
    sections = [
        f"# {name}: what is {words(label)}? Every key is described in docs/configuration.md.",
        "\n".join(_data(proposal, location)),
        "\n".join(_label(label, proposal)),
        "\n".join(_splits(proposal)),
        "\n".join(_training(proposal, budget)),
        f"tuning:\n  trials: {budget.trials}\n  epochs: {budget.trial_epochs}",
        "\n".join(_evaluation(proposal)),
        _MONITORING,
    ]
    # The first line stands right above the data.
    return sections[0] + "\n" + "\n\n".join(sections[1:]) + "\n"


def _data(proposal: Proposal, location: Location) -> Iterator[str]:
    source = location.source
    yield "data:"
    yield f"  path: {scalar(location.path)}"
    yield f"  format: {source.format}"
    if source.format == "csv" and source.delimiter != ",":
        yield f"  delimiter: {scalar(source.delimiter)}"
    if source.format == "csv" and source.encoding != "utf-8":
        yield f"  encoding: {scalar(source.encoding)}"
    if proposal.missing:
        yield f"  missing: {flow(proposal.missing)}"


def _label(label: str, proposal: Proposal) -> Iterator[str]:
    task = proposal.task
    if not task.classes and task.labels == (label,):
        yield f"label: {scalar(label)}"
        return
    yield "label:"
    yield f"  name: {scalar(label)}"
    yield f"  columns: {flow(task.labels)}"
    if task.classes:
        yield f"  classes: {flow(task.classes)}"


def _splits(proposal: Proposal) -> Iterator[str]:
    way = proposal.splitting
    train, evaluate, test = way.shares
    yield f"# {_sentence(way.why)}"
    for other in proposal.other_ways:
        if other.way != "rows":
            yield f"# Or: {_key(other)}. {_sentence(other.why)}"
    shares = f"train: {train}, eval: {evaluate}, test: {test}"
    key = _key(way)
    yield f"splits: {{{shares}{f', {key}' if key else ''}}}"


def _key(way: Splitting) -> str:
    if way.way == "by":
        return f"by: {flow([way.column])}"
    if way.way == "time":
        format = f", format: {scalar(way.format)}" if way.format else ""
        return f"time: {{column: {scalar(way.column)}{format}}}"
    return ""


def _sentence(text: str) -> str:
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)
    return f"{plain[:1].upper()}{plain[1:]}."


def _training(proposal: Proposal, budget: Budget) -> Iterator[str]:
    yield "training:"
    yield f"  epochs: {budget.epochs}"
    yield f"  batch_size: {budget.batch_size}"
    yield f"  early_stopping_patience: {budget.patience}"
    task = proposal.task
    if task.name == "binary" and proposal.splitting.way == "time":
        yield "  # Not the loss: that follows the classes' shares, which are others at other times."
        yield "  early_stopping_monitor: val_auc"
        yield "  early_stopping_direction: max"
    yield "  learning_rate_decay: cosine"
    if task.is_rare:
        rarest = min(range(len(task.shares)), key=lambda number: task.shares[number])
        name = words(task.classes[rarest]) if task.classes else str(rarest)
        yield f"  # Only {task.shares[rarest]:.1%} of the rows are of the class {name}."
        yield "  class_weights: balanced"


def _evaluation(proposal: Proposal) -> Iterator[str]:
    task = proposal.task
    yield "evaluation:"
    yield "  yardstick: true"
    if proposal.slices:
        yield f"  slices: {flow(proposal.slices)}"
    yield "  # A bound is what a linear model reaches on held-out rows, less what chance does in a"
    yield "  # test split of this size. Raise it once a model is better."
    yield "  metrics:"
    judged, bounded = _JUDGED[task.name], False
    for figure in _by_weight(proposal):
        name = figure.metric
        if figure.label is not None:
            name = f"{figure.metric}_{task.labels[figure.label]}"
        # Most accurate is who never names a rare class.
        if (name == "BinaryAccuracy" and task.is_rare) or not _can_be_judged(figure, proposal):
            yield from _shown(name, figure)
        elif figure.metric in judged:
            yield from _metric(name, figure, first=not bounded)
            bounded = True
    for name in _ALSO_SHOWN.get(task.name, ()):
        yield f"    {name}:"
    if not bounded:
        yield from _unjudged(proposal)
    yield "    ExampleCount:"


def _can_be_judged(figure: Figure, proposal: Proposal) -> bool:
    """Whether the test split is likely to have both classes, and a label can be learnt at all."""
    task = proposal.task
    if task.name == "multi-label":
        assert figure.label is not None
        share = task.shares[figure.label]
        if figure.linear is None or figure.linear <= figure.constant:
            return False
    elif task.name == "binary":
        share = task.shares[0]
    else:
        return True
    rows = proposal.rows * proposal.splitting.test_share
    return rows * min(share, 1 - share) >= _FEWEST_OF_CLASS


def _shown(name: str, figure: Figure) -> Iterator[str]:
    yield f"    {scalar(name)}:"
    if figure.label is not None:
        yield f"      metric: {figure.metric}"
        yield f"      options: {{class_id: {figure.label}}}"


def _by_weight(proposal: Proposal) -> list[Figure]:
    judged = _JUDGED[proposal.task.name]
    found = [figure for figure in proposal.figures if figure.metric in judged]
    return found[:_MOST_LABELS] if proposal.task.name == "multi-label" else found


def _metric(name: str, figure: Figure, first: bool) -> Iterator[str]:
    linear = "no" if figure.linear is None else f"{figure.linear:.4g}"
    yield from _shown(name, figure)
    yield f"      # Linear model: {linear}. Constant: {figure.constant:.4g}."
    key = "at_least" if figure.higher else "at_most"
    yield f"      {key}: {_rounded(figure)}"
    if first and figure.noise > 0:
        yield f"      max_regression: {float(f'{2 * figure.noise:.2g}'):g}"


def _rounded(figure: Figure) -> str:
    """The bound with three digits, on its lenient side."""
    if figure.bound == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(figure.bound)))
    scale = 10.0**digits
    lenient = math.floor if figure.higher else math.ceil
    return f"{lenient(round(figure.bound * scale, 6)) / scale:.{max(digits, 0)}f}"


def _unjudged(proposal: Proposal) -> Iterator[str]:
    """A bound that any model meets which answers at all, where too few rows say what is good."""
    yield "    # Too few rows to say what a good model reaches: set a bound that means something."
    if proposal.task.name == "binary":
        yield "    BinaryCrossEntropy: {at_most: 1}"
    elif proposal.task.name == "multi-label":
        yield "    BinaryAccuracy: {at_least: 0.5}"
    elif proposal.task.name == "multi-class":
        yield "    SparseCategoricalAccuracy: {at_least: 0.1}"
    else:
        size = 10 * (proposal.task.std + abs(proposal.task.mean))
        yield f"    RootMeanSquaredError: {{at_most: {size:.3g}}}"
