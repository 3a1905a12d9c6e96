"""Other modules' functions, replaced for as long as a node runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    """Sets a module's attribute while the context lasts.

    Raises:
        AttributeError: The module has none of that name: it is of a version that the project was
            not made for.
    """
    if not hasattr(module, name):
        raise AttributeError(
            f"{getattr(module, '__name__', module)} has no '{name}', which the project replaces. "
            "Use the versions in the README's Platforms."
        )
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)
