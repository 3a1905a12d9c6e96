"""Served rows as columns: what the log gives, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

import monitoring.core.arrow  # noqa: F401  (no file runs code)

Column: TypeAlias = "pa.Array | list[Any]"
"""A value for each row: as JSON had it (None where it was absent), or typed, from Parquet."""


class Rows(NamedTuple):
    """Rows of one version that came together, and the requests that they came with.

    Every column has a value for each row. A feature or output without a column was in no row.
    """

    size: int = 0
    """Instances of answered requests."""
    inputs: Mapping[str, Column] = {}
    """By the signature's names; also names that the signature does not have."""
    outputs: Mapping[str, Column] = {}
    """By the signature's names; of several numbers a row, lists."""
    requests: int = 0
    """With those that were refused or failed."""
    refused: int = 0
    """With a status of 400 to 499, but 429."""
    failed: int = 0
    """With a status of 500 or more."""
    first: float | None = None
    """The time of the earliest request, in seconds since 1970; None: there is none."""
    last: float | None = None
    entries: np.ndarray = np.empty(0, np.int64)
    """For each row, which of its chunk's entries it is of; those of one request are together."""
    numbers: np.ndarray = np.empty(0, np.int64)
    """For each row, which of its request's rows it is, from 0."""
    sampled: float = 1.0
    """The share of requests that was logged."""
    redacted: tuple[str, ...] = ()
    """Features whose values the log leaves out; they are not counted as missing."""
