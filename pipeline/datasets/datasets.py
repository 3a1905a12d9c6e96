"""A model's public data set: fetched, checked, and made the tables that the model reads."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from models.common.datasets.dataset import Dataset, RemoteFile
from models.common.errors import ModelCodeError, ProjectError, RunError
from pipeline.config import loading, project
from pipeline.datasets import download
from pipeline.record import disk

FULL = "full"
"""The folder of a model's data with the tables of the whole data set; git passes over it."""
DOWNLOADS = "downloads"
"""The folder with the files as they were fetched; git passes over it."""
MADE_FROM = "made_from.json"
"""The file beside the tables with the SHA-256 of each file that they were made from."""


@dataclass(frozen=True)
class Fetched:
    """One file of a data set, once it is there."""

    url: str
    path: Path
    sha256: str
    new: bool
    """Whether it was fetched just now."""


def of_model(model: str, root: Path = project.ROOT) -> Dataset:
    """The data set that `models/<model>/dataset.py` describes.

    Raises:
        ConfigError: There is no such model.
        RunError: The model has no data set to fetch.
        ModelCodeError: Its dataset.py cannot be imported, or describes none.
    """
    loading.check_model(model, root)
    file = f"models/{model}/dataset.py"
    if not (project.model_folder(model, root) / "dataset.py").is_file():
        having = sorted(path.parent.name for path in (root / "models").glob("*/dataset.py"))
        raise RunError(
            f"The model '{model}' has no data set to fetch",
            f"Expected: {file}, which says where its data comes from. "
            f"Models that have one: {', '.join(having) or 'none'}.",
            "Its data is what data.path in its config.yaml names: put your own there.",
        )
    try:
        module = importlib.import_module(f"models.{model}.dataset")
    except Exception as error:
        raise ModelCodeError(
            f"{file} cannot be imported", f"{type(error).__name__}: {error}", "Correct it."
        ) from error
    found = getattr(module, "DATASET", None)
    if not isinstance(found, Dataset):
        raise ModelCodeError(
            f"{file} has no DATASET",
            f"Expected: a models.common.datasets.dataset.Dataset. Received: {found!r:.80}.",
            "Define it; models/fashion/dataset.py is an example.",
        )
    return found


def fetch(
    dataset: Dataset,
    folder: Path,
    progress: download.Progress,
    *,
    source: str | None = None,
    verified: bool = True,
) -> Iterator[Fetched]:
    """Brings the files of a data set to `<folder>/downloads`, one after the other.

    Args:
        dataset: What is fetched.
        folder: The model's data.
        progress: Told of each file, block by block.
        source: A folder or the address of one that has the files; None: from their publisher.
        verified: Whether files with other checksums are refused.

    Raises:
        RunError: A file cannot be fetched or is another, or another process fetches them.
    """
    with _alone(folder / DOWNLOADS):
        for file in dataset.files:
            target = folder / DOWNLOADS / file.name
            url = _url(file, source)
            new = download.fetch(file, url, target, progress, verified=verified)
            yield Fetched(url, target, download.sha256(target), new)


def write_tables(model: str, dataset: Dataset, folder: Path) -> tuple[Path, bool]:
    """Makes the tables of files that are there, in `<folder>/full`, which appears as a whole.

    Returns:
        The folder with the tables, and whether they were made just now: those of the same files
        are left as they are.

    Raises:
        ProjectError: A file is damaged, or a table cannot be written.
        ModelCodeError: The model's code failed.
    """
    full, part = folder / FULL, folder / f".{FULL}.part"
    try:
        with _alone(folder / DOWNLOADS):
            files = [folder / DOWNLOADS / file.name for file in dataset.files]
            made_from = {file.name: download.sha256(file) for file in files}
            if _made_from(full) == made_from:
                return full, False
            for old in (part, full):
                shutil.rmtree(old, ignore_errors=True)
            part.mkdir(parents=True)
            dataset.write_tables(folder / DOWNLOADS, part)
            (part / MADE_FROM).write_text(json.dumps(made_from, indent=2), encoding="utf-8")
            part.replace(full)
    except ProjectError:
        raise
    except OSError as error:
        raise disk.write_error(full, error) from error
    except Exception as error:
        raise ModelCodeError(
            f"models/{model}/dataset.py: write_tables failed with {type(error).__name__}",
            str(error),
            f"Correct it, or remove {folder / DOWNLOADS} if the files there are damaged.",
        ) from error
    return full, True


def _made_from(full: Path) -> object:
    """What tables that are there were made from; None where that is not known."""
    try:
        return json.loads((full / MADE_FROM).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _url(file: RemoteFile, source: str | None) -> str:
    """Where a file is fetched from."""
    if source is None:
        return file.url
    if urlsplit(source).scheme in ("http", "https", "file"):
        return f"{source.rstrip('/')}/{file.name}"
    path = Path(source).expanduser().absolute() / file.name
    if not path.is_file():
        raise RunError(
            f"There is no file {path}",
            f"--from names a folder with the publisher's files as they are: {file.name}.",
            "Name a folder that has it, or leave --from out.",
        )
    return path.as_uri()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds a lock on a folder, which is made.

    Raises:
        RunError: Another process holds it, or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise disk.write_error(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise RunError(
            f"Another process is fetching into {folder}", "", "Wait until it has ended."
        ) from error
    try:
        yield
    finally:
        os.close(handle)
