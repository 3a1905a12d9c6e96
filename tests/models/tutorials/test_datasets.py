"""From the publishers' files to tables with the columns of the samples."""

from __future__ import annotations

import csv
import gzip
import struct
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import components.tables  # noqa: F401  (no file runs code)
from models.common.datasets import idx
from models.common.errors import DataError
from models.fashion import dataset as fashion
from models.fashion.features import CLASSES
from models.movielens import dataset as movielens
from models.salary import dataset as salary
from tests.helpers.paths import ROOT


def write_idx(path: Path, array: np.ndarray) -> None:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(head + array.astype(np.uint8).tobytes()))


def fashion_files(folder: Path, rows: dict[str, int], **labels: np.ndarray) -> None:
    random = np.random.RandomState(0)
    for name, count in rows.items():
        images = random.randint(0, 256, (count, 28, 28))
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", images)
        found = labels.get(name, np.arange(count) % 10)
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", found)


def test_images_become_rows_in_their_split(tmp_path: Path) -> None:
    fashion_files(tmp_path, {"train": 24, "t10k": 5})
    (tmp_path / "out").mkdir()
    fashion.write_tables(tmp_path, tmp_path / "out")
    tables = {path.stem: pq.read_table(path) for path in (tmp_path / "out").iterdir()}
    assert {name: table.num_rows for name, table in tables.items()} == {
        "train": 22, "eval": 2, "test": 5
    }  # fmt: skip
    sample = pq.read_schema(ROOT / "data" / "fashion" / "sample" / "train.parquet")
    assert all(table.schema.equals(sample) for table in tables.values())
    assert tables["eval"]["label"].to_pylist() == [CLASSES[2], CLASSES[3]]
    images = idx.read(tmp_path / "t10k-images-idx3-ubyte.gz")
    assert np.array_equal(tables["test"]["image"].to_pylist(), images.reshape(5, 784))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.zeros(7), "do not belong together"),
        (np.zeros((24, 1)), "do not belong together"),
        (np.full(24, 10), "a label of 'train' is 10"),
    ],
)
def test_labels_that_are_not_the_images_are_refused(
    tmp_path: Path, labels: np.ndarray, said: str
) -> None:
    fashion_files(tmp_path, {"train": 24, "t10k": 5}, train=labels)
    with pytest.raises(DataError, match=said):
        fashion.write_tables(tmp_path, tmp_path)


def archive(folder: Path, content: bytes, name: str = "ml-100k/u.data") -> None:
    with zipfile.ZipFile(folder / "ml-100k.zip", "w") as file:
        file.writestr(name, content)


def test_ratings_get_a_header(tmp_path: Path) -> None:
    archive(tmp_path, b"196\t242\t3\t881250949\n186\t302\t3\t891717742\n")
    movielens.write_tables(tmp_path, tmp_path)
    with (tmp_path / "ratings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    sample = ROOT / "data" / "movielens" / "sample" / "ratings.csv"
    assert ",".join(rows[0]) == sample.read_text(encoding="utf-8").splitlines()[0]
    assert rows[1:] == [["196", "242", "3", "881250949"], ["186", "302", "3", "891717742"]]


def test_an_archive_that_is_another_is_refused(tmp_path: Path) -> None:
    archive(tmp_path, b"1\t2\n")
    with pytest.raises(DataError, match=r"line 1 of ml-100k/u.data has 2 cells"):
        movielens.write_tables(tmp_path, tmp_path)
    archive(tmp_path, b"", name="other")
    with pytest.raises(DataError, match="is not MovieLens 100k"):
        movielens.write_tables(tmp_path, tmp_path)
    (tmp_path / "ml-100k.zip").write_bytes(b"<html>")
    with pytest.raises(DataError, match="is not MovieLens 100k"):
        movielens.write_tables(tmp_path, tmp_path)


def test_salaries_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "sal.csv").write_bytes(b"\xef\xbb\xbfx,y\n0,1\n")
    (tmp_path / "out").mkdir()
    salary.write_tables(tmp_path, tmp_path / "out")
    assert (tmp_path / "out" / "sal.csv").read_bytes() == b"\xef\xbb\xbfx,y\n0,1\n"
