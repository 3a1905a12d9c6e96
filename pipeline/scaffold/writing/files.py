"""The Python files of a model's folder, as plain code that is meant to be edited."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.scaffold.inference.proposal import Proposal
from pipeline.scaffold.writing import model_text
from pipeline.scaffold.writing.budget import Budget
from pipeline.scaffold.writing.python_text import (
    LINE,
    assignment,
    constant,
    mapping,
    width,
    words,
)

TUPLES = ("NUMBERS", "BOOLEANS", "DATES", "CATEGORIES", "TEXTS", "VECTORS")
LABELS = "labels"
"""What several labels are called together."""
_TAKEN = ("numbers_xf", "categories_xf", "words_xf", "vectors_xf")


def code(name: str, proposal: Proposal, budget: Budget) -> dict[str, str]:
    """The files by name, formatted as the project's formatter does.

    Args:
        name: The model's name.
        proposal: What was found in the table.
        budget: The network's size and how long it may train.
    """
    label = words(label_name(proposal))
    return {
        "__init__.py": f'"""{name}: what is {label}?"""\n',
        "features.py": _features(name, proposal, budget),
        "preprocessing.py": _preprocessing(name, proposal),
        "search_space.py": model_text.search_space(budget, proposal.task),
        "model.py": model_text.model(name, label, proposal.task, list(tuples(proposal)), budget),
    }


def label_name(proposal: Proposal) -> str:
    """The label among the outputs of `preprocessing_fn`."""
    labels = proposal.task.labels
    columns = proposal.table.columns
    name = labels[0] if len(labels) == 1 else LABELS
    while name in _TAKEN or (len(labels) > 1 and name in columns):
        name += "_"
    return name


def tuples(proposal: Proposal) -> dict[str, dict[str, tuple[str, ...]]]:
    """Which of the tuples of `features.py` there are, with their columns: of dates with their
    formats, of vectors with their columns."""
    found: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in TUPLES}
    of_kind = {
        "number": "NUMBERS", "boolean": "BOOLEANS", "date": "DATES", "code": "CATEGORIES",
        "category": "CATEGORIES", "text": "TEXTS",
    }  # fmt: skip
    for column, choice in proposal.choices.items():
        if choice.kind == "vector":
            before = found["VECTORS"].get(choice.vector, ())
            found["VECTORS"][choice.vector] = (*before, column)
        elif choice.kind in of_kind:
            found[of_kind[choice.kind]][column] = choice.formats
    return {name: columns for name, columns in found.items() if columns}


def _features(name: str, proposal: Proposal, budget: Budget) -> str:
    found = tuples(proposal)
    parts = [f'"""Which column of {name} is what."""', _left_out(proposal)]
    for tuple_name, columns in found.items():
        if tuple_name == "DATES":
            parts.append(mapping("DATES", columns))
            parts[-1] += '\n"""How the values of each are written, tried in order."""'
        elif tuple_name == "VECTORS":
            parts.append(mapping("VECTORS", columns))
            parts[-1] += '\n"""The columns of each array."""'
        else:
            parts.append(assignment(tuple_name, columns))
    if "CATEGORIES" in found:
        parts.append(
            f"RARE = {budget.rare}\n"
            '"""A category in fewer rows of the training split counts as another, together with '
            'all such."""'
        )
    if "TEXTS" in found:
        parts.append(f'WORDS = {budget.words}\n"""So many of the most frequent words are known."""')
    parts.append(_inputs(list(found)))
    parts.append(_label(proposal))
    return "\n\n".join(part for part in parts if part) + "\n"


def _left_out(proposal: Proposal) -> str:
    lines = [
        f"#   {words(name)}: {choice.kind}, {_comment(choice.why)}"
        for name, choice in proposal.choices.items()
        if not choice.is_input
    ]
    more = len(lines) - 30
    lines = lines[:30] + ([f"#   and {more} more"] if more > 0 else [])
    return "\n".join(["# Left out:", *lines]) if lines else ""


def _comment(text: str) -> str:
    plain = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)
    return plain if len(plain) <= 50 else f"{plain[:47]}..."


def _inputs(names: Sequence[str]) -> str:
    items = [
        "*(column for columns in VECTORS.values() for column in columns)"
        if name == "VECTORS"
        else f"*{name}"
        for name in names
    ]
    line = f"INPUTS = ({', '.join(items)}{',' if len(items) == 1 else ''})"
    if width(line) > LINE:
        line = "\n".join(["INPUTS = (", *(f"    {item}," for item in items), ")"])
    return f'{line}\n"""The columns that a prediction request may carry."""'


def _label(proposal: Proposal) -> str:
    task, name = proposal.task, label_name(proposal)
    lines = [constant("LABEL", name)]
    if task.name == "multi-label":
        lines.append(assignment("LABELS", task.labels))
    if task.name == "count":
        lines.append(f"LABEL_MEAN = {task.mean:.6g}")
    elif not task.is_classes:
        lines += [f"LABEL_MEAN = {task.mean:.6g}", f"LABEL_STD = {task.std:.6g}"]
        of = "log(1 + label)" if task.name == "log" else "the label"
        lines.append(f'"""Of {of}: the network\'s answer is in its unit."""')
    return "\n".join(lines)


def _preprocessing(name: str, proposal: Proposal) -> str:
    found = tuples(proposal)
    numbers = [
        f"{function}(inputs, features.{group})"
        for group, function in (
            ("NUMBERS", "numbers"),
            ("BOOLEANS", "booleans"),
            ("DATES", "dates"),
        )
        if group in found
    ]
    lines = []
    outputs = []
    if len(numbers) > 1:
        lines = ["    quantities = [", *(f"        {one}," for one in numbers), "    ]"]
        outputs.append('"numbers_xf": quantile_ranks(tf.concat(quantities, axis=1)),')
    elif numbers:
        outputs.append(f'"numbers_xf": quantile_ranks({numbers[0]}),')
    if "CATEGORIES" in found:
        outputs.append('"categories_xf": categories(inputs, features.CATEGORIES, features.RARE),')
    if "TEXTS" in found:
        outputs.append('"words_xf": words(inputs, features.TEXTS, features.WORDS),')
    if "VECTORS" in found:
        outputs.append('"vectors_xf": vectors(inputs, features.VECTORS),')
    label = _label_expression(proposal)
    outputs.append(f"features.LABEL: {label},")
    body = "\n".join([*lines, "    return {", *(f"        {one}" for one in outputs), "    }"])
    return (
        '"""From raw rows to what the network takes, the same in training and in serving."""\n\n'
        "from __future__ import annotations\n\n"
        "from typing import Any\n\n"
        "import tensorflow as tf\n\n"
        f"{_imports(name, body)}\n\n\n"
        "def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, tf.Tensor]:\n"
        '    """Transforms a batch of raw columns to dense tensors, one row for each."""\n'
        f"{body}\n"
    )


def _label_expression(proposal: Proposal) -> str:
    task = proposal.task
    if task.name == "multi-label":
        return "booleans(inputs, features.LABELS)"
    profile = proposal.table.columns[task.labels[0]]
    if task.classes:
        if profile.column.type == "FLOAT":
            raw = "tf.cast(fill_missing(inputs[features.LABEL]), tf.int64)"
            return f"tf.strings.as_string({raw})"
        function = "strip" if profile.column.type == "STRING" else "as_string"
        return f"tf.strings.{function}(fill_missing(inputs[features.LABEL]))"
    function = "numbers" if profile.is_number or not task.is_classes else "booleans"
    return f"{function}(inputs, (features.LABEL,))[:, 0]"


def _imports(name: str, body: str) -> str:
    """The imports of what the code calls, sorted as the linter wants them."""
    modules = {
        "models.common.columns.booleans": ("booleans",),
        "models.common.columns.categories": ("categories",),
        "models.common.columns.dates": ("dates",),
        "models.common.columns.numbers": ("numbers", "quantile_ranks"),
        "models.common.columns.texts": ("words",),
        "models.common.columns.vectors": ("vectors",),
        "models.common.preprocessing": ("fill_missing",),
    }
    lines = {f"models.{name}": f"from models.{name} import features"}
    for module, functions in modules.items():
        used = [one for one in functions if f"{one}(" in body]
        if used:
            lines[module] = f"from {module} import {', '.join(used)}"
    return "\n".join(lines[module] for module in sorted(lines, key=str.lower))
