"""Fashion-MNIST: where it comes from, and how its files become tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.common.datasets import idx
from models.common.datasets.dataset import Dataset, RemoteFile
from models.common.errors import DataError
from models.fashion.features import CLASSES, IMAGE, LABEL

_FOLDER = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"
_EVAL_SHARE = 12
"""One in so many of the training images, the last ones, is for early stopping."""


def write_tables(downloads: Path, folder: Path) -> None:
    """Writes `train.parquet` and `eval.parquet` of the training set, and `test.parquet`."""
    train = _images(downloads, "train")
    kept = len(train[0]) - max(1, len(train[0]) // _EVAL_SHARE)
    for name, (images, labels) in {
        "train": (train[0][:kept], train[1][:kept]),
        "eval": (train[0][kept:], train[1][kept:]),
        "test": _images(downloads, "t10k"),
    }.items():
        write_table(images, labels, folder / f"{name}.parquet")


def write_table(images: np.ndarray, labels: np.ndarray, path: Path) -> None:
    """Writes a table with a row for each image.

    Args:
        images: [rows, height, width] of numbers from 0 to 255.
        labels: [rows], the numbers of the classes.
        path: The Parquet file.
    """
    pixels = pa.array(images.reshape(-1).astype(np.uint8))
    starts = pa.array(np.arange(len(images) + 1, dtype=np.int32) * images[0].size)
    columns = {
        IMAGE: pa.ListArray.from_arrays(starts, pixels),
        LABEL: pa.array([CLASSES[number] for number in labels]),
    }
    pq.write_table(pa.table(columns), path, compression="gzip", compression_level=9)


def _images(downloads: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    images = idx.read(downloads / f"{name}-images-idx3-ubyte.gz")
    labels = idx.read(downloads / f"{name}-labels-idx1-ubyte.gz")
    if images.ndim != 3 or labels.shape != images.shape[:1] or not len(images):
        raise DataError(
            f"{downloads}: the images and labels of '{name}' do not belong together",
            f"Expected: images of the shape [rows, 28, 28], and as many labels. Received: "
            f"{list(images.shape)} and {list(labels.shape)}.",
            "Fetch both files from one place.",
        )
    if labels.max() >= len(CLASSES):
        raise DataError(
            f"{downloads}: a label of '{name}' is {labels.max()}",
            f"Expected: 0 to {len(CLASSES) - 1}.",
            "Fetch the files again.",
        )
    return images, labels


DATASET = Dataset(
    title="Fashion-MNIST: 60,000 images to learn from and 10,000 to test, in 10 classes",
    origin="Zalando Research, https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT. Cite: Xiao, Rasul, Vollgraf (2017), arXiv:1708.07747.",
    files=(
        RemoteFile(f"{_FOLDER}/train-images-idx3-ubyte.gz", md5="8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        RemoteFile(f"{_FOLDER}/train-labels-idx1-ubyte.gz", md5="25c81989df183df01b3e8a0aad5dffbe"),
        RemoteFile(f"{_FOLDER}/t10k-images-idx3-ubyte.gz", md5="bef4ecab320f06d8554ea6380940ec79"),
        RemoteFile(f"{_FOLDER}/t10k-labels-idx1-ubyte.gz", md5="bb300cfdad3c16e7a12a480ee83cd310"),
    ),
    write_tables=write_tables,
)
