"""The tutorial's salaries: where they come from."""

from __future__ import annotations

import shutil
from pathlib import Path

from models.common.datasets.dataset import Dataset, RemoteFile

_FILE = "sal.csv"


def write_tables(downloads: Path, folder: Path) -> None:
    """The table is used as it is."""
    shutil.copyfile(downloads / _FILE, folder / _FILE)


DATASET = Dataset(
    title="Salaries by years of experience: 21 rows of a tutorial of The New Stack",
    origin="Janakiram MSV, https://github.com/janakiramm/Salary",
    licence="None is stated, so the table is for trying the tutorial and must not be passed on.",
    files=(
        RemoteFile(
            "https://raw.githubusercontent.com/janakiramm/Salary/"
            f"c76a1adffecb6b3a8965c2d85f4259f45bd1a3c7/data/{_FILE}",
            sha256="fe8ffe94fd4d591ea3dfa2bba6792bfba962af4e1316fc0ed81c21883e6f3734",
        ),
    ),
    write_tables=write_tables,
)
