"""MovieLens 100k: where it comes from, and how its files become a table."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from models.common.datasets.dataset import Dataset, RemoteFile
from models.common.errors import DataError
from models.movielens.features import FILM, LABEL, TIME, USER

_ZIP, _MEMBER = "ml-100k.zip", "ml-100k/u.data"


def write_tables(downloads: Path, folder: Path) -> None:
    """Writes `ratings.csv` of the tab-separated table in the archive, which has no header."""
    archive = downloads / _ZIP
    try:
        with zipfile.ZipFile(archive) as opened:
            text = opened.read(_MEMBER).decode()
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError) as error:
        raise DataError(
            f"{archive} is not MovieLens 100k",
            f"Expected: a zip archive with {_MEMBER}. Received: {error}.",
            "Remove it, and fetch it again.",
        ) from error
    with (folder / "ratings.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([USER, FILM, LABEL, TIME])
        for number, row in enumerate(csv.reader(io.StringIO(text), delimiter="\t"), start=1):
            if len(row) != 4:
                raise DataError(
                    f"{archive}: line {number} of {_MEMBER} has {len(row)} cells",
                    "Expected: user, film, rating and time, with tabs between.",
                    "Remove the archive, and fetch it again.",
                )
            table.writerow(row)


DATASET = Dataset(
    title="MovieLens 100k: 100,000 ratings of 1,682 films by 943 users",
    origin="GroupLens, University of Minnesota, https://grouplens.org/datasets/movielens/100k/",
    licence="For research; no commercial use without permission, and not to be passed on. "
    "The README in the archive has the terms. Cite: Harper, Konstan (2015), ACM TiiS 5(4).",
    files=(
        RemoteFile(
            f"https://files.grouplens.org/datasets/movielens/{_ZIP}",
            md5="0e33842e24a9c977be4e0107933c0723",
        ),
    ),
    write_tables=write_tables,
)
