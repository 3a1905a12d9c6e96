"""Carries a DataError through Beam, which keeps of an exception only its text."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from models.common.errors import DataError

_MARKED = re.compile(r"<DataError ([A-Za-z0-9+/=]+)>")


def pack_data_error(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for Beam whose DataError `unpack_data_error` can restore."""

    @functools.wraps(function)
    def wrapped(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except DataError as error:
            parts = json.dumps([error.headline, error.detail, error.remedy])
            packed = base64.b64encode(parts.encode()).decode()
            raise RuntimeError(f"{error.headline} <DataError {packed}>") from None

    return wrapped


@contextlib.contextmanager
def unpack_data_error() -> Iterator[None]:
    """Runs a Beam pipeline.

    Raises:
        DataError: As a function that went through `pack_data_error` raised it.
    """
    try:
        yield
    except Exception as error:
        packed = _MARKED.search(str(error))
        if packed is None:
            raise
        raise DataError(*json.loads(base64.b64decode(packed[1]))) from None
