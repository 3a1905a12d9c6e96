"""`<serving folder>/<model>/<version>.json`: where a version comes from, what it takes and gives.

The file is beside the version's folder, whose content stays as the pipeline pushed it; TensorFlow
Serving passes over whatever is not named by a number. It is written when somebody first asks for
the version, and again when it is promoted. What is known of the run comes from `run.json` files.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from serving.core.errors import ServingError
from serving.core.files import regular_file
from serving.core.files.atomic_file import write_whole


class _Part(BaseModel):
    # Keys of a later release are left alone.
    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


class Tensor(_Part):
    """An input or output of a signature."""

    dtype: str
    """TensorFlow's name of the type, such as `DT_FLOAT`."""
    shape: tuple[int, ...] | None
    """-1 for any size, such as the batch's; null: unknown."""


class Signature(_Part):
    """What a request may call."""

    method: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


class Run(_Part):
    """The pipeline's run that pushed the version."""

    id: str
    finished: datetime | None = None
    commit: str | None = None
    """Git's commit of the code, with `+` behind it if files had been changed since."""
    data_hash: str | None = None
    metrics: dict[str, float | None] = Field(default_factory=dict)
    """Over the whole test split."""


class Origin(_Part):
    """Where a version comes from that no pipeline of this project pushed."""

    path: str
    """The file or folder that was added."""
    format: Literal["savedmodel", "keras", "onnx"]
    added: datetime
    by: str

    @classmethod
    def now(cls, path: str, kind: Literal["savedmodel", "keras", "onnx"], by: str) -> Origin:
        """Of a version that is added now."""
        return cls(path=path, format=kind, added=datetime.now(timezone.utc), by=by)


class Promotion(_Part):
    """A change by which the version got traffic."""

    time: datetime
    action: str
    """`canary`, `promote`, or `rollback` to it."""
    by: str
    why: str = ""


class Step(_Part):
    """A step of a version's release."""

    stage: Literal["staged", "canary", "promoted", "rolled back", "superseded"]
    """`staged`: it is in the serving folder and loaded; only requests that name it get it."""
    time: datetime
    by: str
    why: str = ""


class Release(_Part):
    """A version's way to its users, from the pipeline's push on; `python -m serving release`."""

    commit: str
    """The commit whose pipeline has pushed it."""
    source: str
    """Where the pipeline has pushed it."""
    steps: tuple[Step, ...] = ()
    """The oldest first. A canary's end stands in `.endings/`, where it has ended by itself."""


class Record(_Part):
    """The whole file."""

    version: Literal[1] = 1
    """The version of this file's format."""
    model: str
    number: int
    """The version of the model."""
    size: int
    """Bytes of the version's folder."""
    signatures: dict[str, Signature]
    run: Run | None = None
    """Null if no run's record names the version."""
    origin: Origin | None = None
    """Null if it was not added by `python -m serving add`."""
    promotions: tuple[Promotion, ...] = ()
    release: Release | None = None
    """Null where it was not released by `python -m serving release`."""


def record(model_folder: Path, number: int, runs: Path) -> Record:
    """What is known of a version; writes its file where that is missing, and can be written.

    Args:
        model_folder: The folder with the version's folder.
        number: The version.
        runs: The folder of the pipeline's runs; may not exist.
    """
    known = _read(_file(model_folder, number))
    if known is not None and known.run is not None:
        return known
    made = Record(
        model=model_folder.name,
        number=number,
        size=known.size if known else _size(model_folder / str(number)),
        signatures=known.signatures if known else _signatures(model_folder / str(number)),
        run=_run(model_folder.name, number, runs),
        origin=known.origin if known else None,
        promotions=known.promotions if known else (),
        release=known.release if known else None,
    )
    if made != known:
        with contextlib.suppress(ServingError):  # The folder may be mounted to be read only.
            _write(model_folder, made)
    return made


def add_promotion(model_folder: Path, number: int, runs: Path, promotion: Promotion) -> None:
    """Adds to a version's file that it got traffic.

    Raises:
        ServingError: The file cannot be written.
    """
    known = record(model_folder, number, runs)
    promotions = (*known.promotions, promotion)
    _write(model_folder, known.model_copy(update={"promotions": promotions}))


def add_origin(
    model_folder: Path, number: int, origin: Origin, signatures: dict[str, Signature]
) -> None:
    """Writes the file of a version that was added.

    Raises:
        ServingError: The file cannot be written.
    """
    size = _size(model_folder / str(number))
    made = Record(
        model=model_folder.name, number=number, size=size, signatures=signatures, origin=origin
    )
    _write(model_folder, made)


def signatures_of(found: Mapping[str, Any]) -> dict[str, Signature]:
    """The signatures of a version in memory, as its file has them."""
    return {name: _signature(one.definition) for name, one in sorted(found.items())}


def is_readable(path: Path) -> bool:
    """Whether a version's file can be read."""
    return _read(path) is not None


def _file(model_folder: Path, number: int) -> Path:
    return model_folder / f"{number}.json"


def _read(path: Path) -> Record | None:
    try:
        return Record.model_validate_json(regular_file.read(path))
    except (OSError, ValidationError):
        return None


def _write(model_folder: Path, made: Record) -> None:
    path = _file(model_folder, made.number)
    if path.exists() and not is_readable(path):
        # It had promotions that nothing else knows: a person may want to read them.
        with contextlib.suppress(OSError):
            path.replace(path.with_name(f".{path.name}.damaged"))
    content = json.dumps(made.model_dump(mode="json"), indent=2)
    write_whole(path, content + "\n")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _signatures(folder: Path) -> dict[str, Signature]:
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    except (OSError, DecodeError):
        return {}  # The server says why it does not load.
    found = {}
    for graph in saved.meta_graphs:
        for name, definition in sorted(graph.signature_def.items()):
            if not name.startswith("__"):
                found[name] = _signature(definition)
    return found


def _signature(definition: Any) -> Signature:
    return Signature(
        method=definition.method_name,
        inputs=_tensors(definition.inputs),
        outputs=_tensors(definition.outputs),
    )


def _tensors(infos: Any) -> dict[str, Tensor]:
    from tensorflow.core.framework import types_pb2

    found = {}
    for name, info in sorted(infos.items()):
        shape = info.tensor_shape
        sizes = None if shape.unknown_rank else tuple(dimension.size for dimension in shape.dim)
        found[name] = Tensor(dtype=types_pb2.DataType.Name(info.dtype), shape=sizes)
    return found


def _run(model: str, number: int, runs: Path) -> Run | None:
    for content in _run_records(runs):
        pushed_to = Path(content.get("pushed_to") or "")
        if pushed_to.parts[-2:] == (model, str(number)):
            code, data = content.get("code") or {}, content.get("data") or {}
            commit = code.get("commit")
            return Run(
                id=content["id"],
                finished=content.get("finished"),
                commit=f"{commit}+" if commit and code.get("dirty") else commit,
                data_hash=data.get("hash"),
                metrics={
                    item["metric"]: item["value"]
                    for item in content.get("metrics") or ()
                    if item["slice"] == "overall"
                },
            )
    return None


def _run_records(runs: Path) -> Iterator[dict[str, Any]]:
    """The runs' records, newest first; those that cannot be read are passed over."""
    found = []
    for path in runs.glob("*/run.json"):
        try:
            written, content = path.stat().st_mtime, json.loads(regular_file.read(path))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(content, dict):
            number = content.get("number")
            found.append((number if isinstance(number, int) else 0, written, path, content))
    for *_, content in sorted(found, key=lambda item: item[:3], reverse=True):
        yield content
