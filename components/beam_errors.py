"""Carries an error of the project through Beam, which keeps of an exception only its text."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from models.common import errors
from models.common.errors import ProjectError

_MARKED = re.compile(r"<ProjectError (\w+) ([A-Za-z0-9+/=]+)>")


def pack_data_error(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for Beam whose DataError or such `unpack_data_error` can restore."""

    @functools.wraps(function)
    def wrapped(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except ProjectError as error:
            parts = json.dumps([error.headline, error.detail, error.remedy])
            packed = base64.b64encode(parts.encode()).decode()
            kind = type(error).__name__
            raise RuntimeError(f"{error.headline} <ProjectError {kind} {packed}>") from None

    return wrapped


@contextlib.contextmanager
def unpack_data_error() -> Iterator[None]:
    """Runs a Beam pipeline.

    Raises:
        ProjectError: As a function that went through `pack_data_error` raised it.
    """
    try:
        yield
    except Exception as error:
        packed = _MARKED.search(str(error))
        if packed is None:
            raise
        kind = getattr(errors, packed[1])
        raise kind(*json.loads(base64.b64decode(packed[2]))) from None
