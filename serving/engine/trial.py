"""Asks a model from elsewhere before it becomes a version: it answers each row, with numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from serving.codec import predict_json
from serving.core.errors import Code, ServingError
from serving.core.files import regular_file
from serving.core.files.atomic_file import write_whole
from serving.engine.batcher import wrong_rows
from serving.engine.warm_up import warm_up
from serving.model.loaded_model import LoadedModel
from serving.model.signatures import DEFAULT, Arrays, Signature
from serving.model.version_folders import KNOWN_ANSWERS

_COUNTS = (1, 3)
"""Of the rows that are asked."""


def ask(loaded: LoadedModel, rows: list[Any] | None) -> None:
    """Asks what comes with the version, and rows.

    Args:
        loaded: The version; where rows are given, its folder gets them with their answers, which
            it is asked whenever it is loaded.
        rows: As `:predict` takes them; without them, rows of zeros and of empty strings.

    Raises:
        ServingError: The version fails, answers other rows than it was asked, or with numbers that
            are not finite.
    """
    warm_up(loaded)
    found = loaded.signatures
    if not found:
        raise _refused("it has no signature that can be asked")
    if rows is None:
        for signature in [found[DEFAULT]] if DEFAULT in found else found.values():
            for arrays, count in _zeros(signature):
                _answers(loaded, signature, arrays, count)
        return
    signature = loaded.signature(DEFAULT)
    arrays = predict_json.inputs({"instances": rows}, signature)
    outputs = _answers(loaded, signature, arrays, len(rows), given=True)
    numbers = {
        name: array.tolist() for name, array in outputs.items() if array.dtype.kind in "fiub"
    }
    if numbers:
        write_whole(loaded.path / KNOWN_ANSWERS, json.dumps({"rows": rows, "outputs": numbers}))


def read_rows(path: Path) -> list[Any]:
    """The rows of a file: a request's JSON, a list, or one a line.

    Raises:
        ServingError: The file cannot be read, or has none.
    """
    try:
        text = regular_file.read(path).decode()
        try:
            content = json.loads(text)
        except ValueError:
            content = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, RecursionError, ValueError) as error:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"The rows in {path} cannot be read", str(error),
            'Write JSON: {"instances": [...]}, a list, or a row a line.',
        ) from error  # fmt: skip
    rows = content.get("instances") if isinstance(content, dict) else content
    if not isinstance(rows, list) or not rows:
        raise ServingError(Code.INVALID_ARGUMENT, f"There are no rows in {path}")
    return rows


def _zeros(signature: Signature) -> Iterator[tuple[Arrays, int | None]]:
    needed = [info for info in signature.inputs.values() if info.default is None]
    # Whatever it declares of its outputs, what takes any number of rows has to answer each.
    any_rows = all(info.shape is None or info.shape[:1] == (None,) for info in needed)
    for count in _COUNTS if any_rows else (1,):
        arrays = {}
        for name, info in signature.inputs.items():
            if info.default is not None:
                arrays[name] = info.default
                continue
            shape = info.shape if info.shape is not None else (None,)
            sizes = [1 if size is None else size for size in shape]
            if shape and shape[0] is None:
                sizes[0] = count
            empty = b"" if info.dtype.kind == "O" else 0
            arrays[name] = np.full(sizes, empty, dtype=info.dtype)
        yield arrays, count if any_rows else None


def _answers(
    loaded: LoadedModel,
    signature: Signature,
    arrays: Arrays,
    count: int | None,
    given: bool = False,
) -> Arrays:
    asked = "the rows" if given else "rows of zeros"
    try:
        outputs = loaded.run(signature, arrays)
    except ServingError as error:
        raise _refused(f"it fails for {asked}: {error.message}") from error
    wrong = wrong_rows(outputs, count) if count is not None else None
    if wrong is not None:
        raise _refused(wrong.message)
    for name, array in outputs.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise _refused(f"output '{name}' has numbers that are not finite for {asked}")
    return outputs


def _refused(what: str) -> ServingError:
    return ServingError(
        Code.FAILED_PRECONDITION, f"The model is not added: {what}", "",
        "Name a file with rows that it answers: --rows FILE.",
    )  # fmt: skip
