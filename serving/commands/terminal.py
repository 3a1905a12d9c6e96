"""What commands have in common beside options: who asks, tables, and silence of TensorFlow's."""

from __future__ import annotations

import getpass
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Sequence


def quiet_tensorflow() -> None:
    """To be called before TensorFlow is imported: what it says at its start is about itself."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning)


def user() -> str:
    """Who is at the command line."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # A container may run as a number without a name.
        return "unknown"


def print_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints rows in columns as wide as their widest cell.

    On a terminal that is too narrow for that, each row is a block with a line for each cell.
    """
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    narrow = sum(widths) + 2 * (len(widths) - 1) > shutil.get_terminal_size().columns
    if narrow and sys.stdout.isatty():
        _print_blocks(heading, rows)
        return
    for row in (heading, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _print_blocks(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    width = max(map(len, heading))
    for row in rows:
        for name, cell in zip(heading, row, strict=True):
            print(f"{name.ljust(width)}  {cell}")
        print()
