"""What is used of TFMA beyond its documentation, and what to say where a version has it no more."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from tensorflow_model_analysis import version

from models.common.errors import RunError


def check_parameters(theirs: Callable[..., Any], ours: Callable[..., Any]) -> None:
    """Refuses to replace a function by one that is called in another way.

    Args:
        theirs: A function of TFMA.
        ours: What is to be called instead.

    Raises:
        RunError: Their parameters differ.
    """
    expected, found = (list(inspect.signature(one).parameters) for one in (ours, theirs))
    if found != expected:
        raise _changed(
            f"{theirs.__module__}.{theirs.__qualname__}",
            f"the parameters {', '.join(found)}",
            f"the parameters {', '.join(expected)}",
        )


def check_attributes(instance: Any, names: Iterable[str]) -> None:
    """Refuses an object of TFMA that lacks what is read of it.

    Args:
        instance: The object.
        names: The names of its attributes.

    Raises:
        RunError: One is missing.
    """
    missing = [name for name in names if not hasattr(instance, name)]
    if missing:
        kind = type(instance)
        found = ", ".join(sorted(vars(instance))) or "none"
        raise _changed(
            f"{kind.__module__}.{kind.__qualname__}",
            f"the attributes {found}",
            f"an attribute {missing[0]}",
        )


def _changed(name: str, found: str, expected: str) -> RunError:
    return RunError(
        f"This version of TFMA, {version.VERSION}, computes metrics in another way",
        f"{name} has {found}. Expected: {expected}, as in TFMA 0.47.1 and 0.52.0.",
        "Install the versions of uv.lock: uv sync. For a new version of TFMA change "
        "components/evaluation/batches, whose tests compare it with TFMA.",
    )
