"""A batch prediction: files in parts, each of which is there as a whole or not at all.

A part is a fixed range of an input file's rows, asked in fixed batches, so that a job that was
interrupted and is started again writes the very files that it would have written at once. A part
that was finished is believed only while its content is what was written; else it is made again.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import fcntl
import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serving.batch import formats
from serving.batch.formats import Answered, Format, Row
from serving.codec import predict_json
from serving.core import logs
from serving.core.errors import Code, ServingError
from serving.core.files.atomic_file import write_whole
from serving.model import manifest
from serving.model.loaded_model import LoadedModel
from serving.model.signatures import Signature

STATE = "batch.json"
REFUSED = "refused.jsonl"
_PARTS = ".parts"


@dataclass(frozen=True)
class Job:
    """What is asked of which model."""

    model: str
    version: int
    signature: str
    format: str
    inputs: tuple[str, ...]
    rows_in_part: int = 100_000
    rows_at_once: int = 1024


@dataclass
class Counts:
    """How far a job is."""

    answered: int = 0
    refused: int = 0
    damaged_parts: int = 0
    """Parts that were there, were not as they had been written, and were made again."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.answered + other.answered,
            self.refused + other.refused,
            self.damaged_parts + other.damaged_parts,
        )

    @property
    def rows(self) -> dict[str, int]:
        """What is kept of it, the same whatever happened on the way."""
        return {"answered": self.answered, "refused": self.refused}


def run(job: Job, model: LoadedModel, output: Path, progress: Callable[[Counts], None]) -> Counts:
    """Does what is left to do of a job.

    Args:
        job: The job.
        model: The version that it names.
        output: The folder for the parts, `refused.jsonl` and `batch.json`.
        progress: Called after each batch of rows.

    Raises:
        ServingError: Another job has used the folder, a file cannot be read or written or changes
            meanwhile, or not every row is answered or refused.
    """
    signature = model.signature(job.signature)
    one_format = formats.named(job.format)
    total = Counts()
    states = {path: _state(path) for path in job.inputs}
    with _locked(output):
        _begin(job, output)
        for path, name in zip(map(Path, job.inputs), _names(job.inputs), strict=True):
            chunks = one_format.read(path, signature, job.rows_at_once)
            for number, part in enumerate(_parts(chunks, job.rows_in_part // job.rows_at_once)):
                target = output / f"{name}-{number:05d}{one_format.ENDING}"
                rows = _Counted(part)
                counts = _done(output, target, job)
                if counts is not None:
                    collections.deque(rows, maxlen=0)  # Reads on to where the next part begins.
                    _check_none_is_lost(path, target, rows.count, counts)
                else:
                    counts = Counts()
                    total.damaged_parts += target.exists()
                    for step in _write_part(rows, path, target, one_format, model, signature):
                        progress(total + step)
                        counts = step
                    _check_none_is_lost(path, target, rows.count, counts)
                    _finish_part(output, target, counts, job)
                total += counts
                progress(total)
            if _state(str(path)) != states[str(path)]:
                raise _changed(path, output)
        _collect_refused(output)
        content = {**_content(job), "finished": total.rows}
        write_whole(output / STATE, json.dumps(content, indent=2))
    return total


def answers(model: LoadedModel, signature: Signature, rows: Sequence[Row]) -> list[Answered | Row]:
    """Asks about rows; one that is refused comes back with the reason.

    Rows whose values differ in shape are asked apart. Where a batch is refused, its halves are
    asked, down to the row whose fault it is.
    """
    formats.with_dimensions(rows, signature)
    results: dict[int, Answered | Row] = {}
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        if row.refused is not None:
            results[row.number] = row
        else:
            groups.setdefault(_shape(row.instance), []).append(row)
    for group in groups.values():
        for result in _ask(model, signature, group):
            results[(result.row if isinstance(result, Answered) else result).number] = result
    return [results[row.number] for row in rows]


def _ask(model: LoadedModel, signature: Signature, rows: list[Row]) -> list[Answered | Row]:
    try:
        arrays = predict_json.inputs({"instances": [row.instance for row in rows]}, signature)
        outputs = model.run(signature, arrays)
        for name, array in outputs.items():
            if array.ndim == 0 or len(array) != len(rows):
                raise ServingError(
                    Code.INVALID_ARGUMENT, f"Output '{name}' has no value for each row"
                )
    except ServingError as error:
        if len(rows) > 1:
            half = len(rows) // 2
            return [*_ask(model, signature, rows[:half]), *_ask(model, signature, rows[half:])]
        rows[0].refused = error.message
        return [rows[0]]
    columns = {name: _values(array) for name, array in outputs.items()}
    return [
        Answered(row, {name: values[place] for name, values in columns.items()})
        for place, row in enumerate(rows)
    ]


def _values(array: np.ndarray) -> list[Any]:
    """Each row's value in Python's types; the one value of a row of one is not in a list."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    values: list[Any] = predict_json.shortest(array)
    return _text(values) if array.dtype.kind == "O" else values


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(item) for item in value]
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _shape(value: Any) -> Any:
    """What rows that are asked together have in common: the lengths of their lists."""
    if isinstance(value, dict):
        return tuple((k, len(v)) for k, v in sorted(value.items()) if isinstance(v, list))
    return len(value) if isinstance(value, list) else None


def _parts(chunks: Iterator[list[Row]], size: int) -> Iterator[Iterator[list[Row]]]:
    """Iterators over `size` chunks each; one has to be exhausted before the next is taken."""
    while (first := next(chunks, None)) is not None:
        yield itertools.chain([first], itertools.islice(chunks, size - 1))


def _write_part(
    chunks: Iterable[list[Row]],
    source: Path,
    target: Path,
    one_format: Format,
    model: LoadedModel,
    signature: Signature,
) -> Iterator[Counts]:
    part = target.with_name(f".{target.name}.part")
    counts = Counts()
    with (
        contextlib.closing(one_format.writer(part, source, signature)) as writer,
        _refused_file(target).with_suffix(".part").open("w", encoding="utf-8") as refused,
    ):
        for rows in chunks:
            results = answers(model, signature, rows)
            answered = [result for result in results if isinstance(result, Answered)]
            writer.write(answered)
            for result in results:
                if isinstance(result, Row):
                    line = {"file": str(source), "line": result.number, "reason": result.refused}
                    refused.write(json.dumps(logs.redactor().tree(line)) + "\n")
            counts.answered += len(answered)
            counts.refused += len(results) - len(answered)
            yield dataclasses.replace(counts)


def _finish_part(output: Path, target: Path, counts: Counts, job: Job) -> None:
    """The part's name comes last: what has its name is done."""
    part = target.with_name(f".{target.name}.part")
    refused = _refused_file(target).with_suffix(".part")
    state = {**counts.rows, "job": _fingerprint(job), "part": _identity(part)}
    state["refusals"] = _identity(refused)
    refused.replace(_refused_file(target))
    write_whole(output / _PARTS / f"{target.name}.json", json.dumps(state))
    part.replace(target)


def _done(output: Path, target: Path, job: Job) -> Counts | None:
    """The counts of a finished part; None where it, or what is known of it, is gone or damaged."""
    try:
        state = json.loads((output / _PARTS / f"{target.name}.json").read_text())
        if state["job"] != _fingerprint(job):
            return None
        for path, key in ((target, "part"), (_refused_file(target), "refusals")):
            if path.stat().st_size != state[key]["bytes"] or _identity(path) != state[key]:
                return None
        return Counts(state["answered"], state["refused"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _identity(path: Path) -> dict[str, Any]:
    """A file's size and a hash of its content."""
    return {"bytes": path.stat().st_size, "sha256": manifest.sha256(path)}


def _fingerprint(job: Job) -> str:
    """What differs between the parts of different jobs."""
    return hashlib.sha256(json.dumps(_content(job)).encode()).hexdigest()


class _Counted:
    """Chunks of rows, and how many rows they had."""

    def __init__(self, chunks: Iterator[list[Row]]) -> None:
        self.count = 0
        self._chunks = chunks

    def __iter__(self) -> Iterator[list[Row]]:
        for rows in self._chunks:
            self.count += len(rows)
            yield rows


def _check_none_is_lost(path: Path, target: Path, read: int, counts: Counts) -> None:
    """Checks that each row that was read is in the part, or refused.

    Raises:
        ServingError: There are more, or fewer.
    """
    written = counts.answered + counts.refused
    if written != read:
        raise ServingError(
            Code.DATA_LOSS,
            f"{target} has not the rows of {path}",
            f"{read} rows were read, {counts.answered} answered and {counts.refused} refused.",
            f"Remove {target} and start again.",
        )


def _state(path: str) -> tuple[int, int, int, int]:
    """What differs when a file has been touched."""
    status = Path(path).stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _changed(path: Path, output: Path) -> ServingError:
    return ServingError(
        Code.FAILED_PRECONDITION,
        f"{path} changed while it was read",
        "Some rows may have been predicted as they were before, others as they are now.",
        f"Remove {output}, or name another --output, and start again when nothing writes to it.",
    )


def _refused_file(target: Path) -> Path:
    return target.parent / _PARTS / f"{target.name}.refused"


def _collect_refused(output: Path) -> None:
    part = output / f".{REFUSED}.part"
    with part.open("wb") as together:
        for path in sorted((output / _PARTS).glob("*.refused")):
            together.write(path.read_bytes())
    part.replace(output / REFUSED)


def _content(job: Job) -> dict[str, Any]:
    files = [
        {"path": path, "size": Path(path).stat().st_size, "mtime": Path(path).stat().st_mtime}
        for path in job.inputs
    ]
    return {**asdict(job), "inputs": files}


def _begin(job: Job, output: Path) -> None:
    """Notes what the folder is for, or checks that it is for this.

    Raises:
        ServingError: It has the parts of another job.
    """
    content = json.loads(json.dumps(_content(job)))
    try:
        present = json.loads((output / STATE).read_text())
    except (OSError, ValueError):
        present = None
    (output / _PARTS).mkdir(parents=True, exist_ok=True)
    if present is not None:
        other = [key for key in content if present.get(key) != content[key]]
        if other:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"{output} has the predictions of another job",
                "\n".join(f"{key}: {present.get(key)} there, {content[key]} now" for key in other),
                "Name another --output, or remove that folder.",
            )
        return
    write_whole(output / STATE, json.dumps(content, indent=2))


def _names(inputs: Sequence[str]) -> Iterator[str]:
    """What the parts of each file are called; files of the same name are told apart."""
    taken: set[str] = set()
    for path in inputs:
        stem = Path(path).name.partition(".")[0] or "rows"
        # Another file may be called what would tell this one apart.
        tried = (f"{stem}~{number}" if number > 1 else stem for number in itertools.count(1))
        name = next(name for name in tried if name not in taken)
        taken.add(name)
        yield name


@contextlib.contextmanager
def _locked(output: Path) -> Iterator[None]:
    try:
        output.mkdir(parents=True, exist_ok=True)
        handle = os.open(output, os.O_RDONLY)
    except OSError as error:
        raise ServingError(
            Code.FAILED_PRECONDITION, f"{output} cannot be written", str(error), "Name another."
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise ServingError(
            Code.FAILED_PRECONDITION, f"Another process is writing to {output}"
        ) from error
    finally:
        os.close(handle)
