"""Takes true labels in, and joins them with what was answered, a batch at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

import monitoring.core.arrow  # noqa: F401  (no file runs code)
from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.labels import live
from monitoring.labels.files import LabelRow
from monitoring.labels.store import INVALID, JOINED, SURPLUS, JoinedRow, LabelStore, Truth
from monitoring.labels.truth import Judged, judged, labels
from monitoring.log.bodies import Names
from monitoring.log.chunk import Chunk
from monitoring.log.merging import Stream
from monitoring.log.position import Position, places, streams
from monitoring.log.source import LogSource
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary import columns
from monitoring.summary.counts import values_of
from monitoring.summary.rows import Rows
from monitoring.summary.slicing import rows_of_slices

COLUMNS = "columns"
"""The note of which columns the labels have."""
_POSITION, _TAKEN = "position", "taken"
_MOST_EXAMPLES = 3
_MOST_NUMBERS = 1_000_000
"""Of entries that are held at once: 8 MB."""
ProfileOf = Callable[[int], ReferenceProfile]


@dataclass
class Taken:
    """What became of the rows of a file of labels."""

    new: int = 0
    repeated: int = 0
    """Given before, with the same values: nothing changes."""
    contradicting: int = 0
    """Given before, with other values: the first ones stay."""
    contradictions: list[str] = field(default_factory=list)
    """Ids of a few of those."""


def take(store: LabelStore, columns: Sequence[str], batches: Iterable[Sequence[LabelRow]]) -> Taken:
    """Takes labels in: all of a file, or nothing of it.

    Without row numbers, the n-th row of an id within a file is of the request's n-th row.

    Args:
        store: The labels.
        columns: Which columns they have.
        batches: The file's rows.

    Raises:
        MonitoringError: They cannot be read or written, or earlier ones had other columns.
    """
    taken = Taken()
    seen: Counter[str] = Counter()
    with store.transaction():
        before = store.note(COLUMNS)
        if before is not None and json.loads(before) != list(columns):
            raise MonitoringError(
                f"The model's labels have other columns: {', '.join(json.loads(before))}",
                f"Received: {', '.join(columns)}.",
                "Give the same columns: --label for each of them. Or begin again: remove the "
                f"folder {store.folder}",
            )
        store.set_note(COLUMNS, json.dumps(list(columns)))
        for batch in batches:
            numbered: list[tuple[str, int, Truth]] = []
            for one in batch:
                row = one.row if one.row is not None else seen[one.id]
                seen[one.id] += one.row is None
                numbered.append((one.id, row, one.truth))
            _add(store, numbered, taken)
        # They may belong to requests that were looked at before.
        if taken.new:
            store.set_note(_POSITION, Position().model_dump_json())
            store.set_note(_TAKEN, str(int(store.note(_TAKEN) or 0) + 1))
    return taken


def _add(store: LabelStore, given: list[tuple[str, int, Truth]], taken: Taken) -> None:
    known = store.given([(one, row) for one, row, _ in given])
    new: dict[tuple[str, int], Truth] = {}
    for one, row, truth in given:
        before = known.get((one, row), new.get((one, row)))
        if before is None:
            new[one, row] = truth
            taken.new += 1
        elif before == truth:
            taken.repeated += 1
        else:
            taken.contradicting += 1
            if len(taken.contradictions) < _MOST_EXAMPLES and one not in taken.contradictions:
                taken.contradictions.append(one)
    store.add((one, row, truth) for (one, row), truth in new.items())


def join(
    store: LabelStore, log: LogSource, model: str, profiles: ProfileOf, settings: Settings
) -> int:
    """Joins labels that wait with requests in the log; reads what is new, in bounded memory.

    Args:
        store: The labels.
        log: The log.
        model: Whose requests.
        profiles: The reference profile of a version; see `windows`.
        settings: The model's.

    Returns:
        How many labels were joined.

    Raises:
        MonitoringError: The log or the labels cannot be read, or a version cannot be judged.
    """
    joiner = _Joiner(store, profiles, settings, log.tell)
    taken, text = store.note(_TAKEN), store.note(_POSITION)
    position = Position() if text is None else Position.model_validate_json(text)
    files = streams(log, model, position)
    for stream in files:
        for numbers in _wanted(store, stream):
            for chunk in stream.entries(numbers, joiner.names):
                joiner.join(chunk)
    done = [stream for stream in files if not stream.failed]
    read = places(position.files, done, lambda stream: stream.last)
    with store.transaction():
        # Labels that were given meanwhile may belong to what had been read by then.
        if store.note(_TAKEN) == taken:
            store.set_note(_POSITION, Position(files=read).model_dump_json())
    return joiner.joined


def _wanted(store: LabelStore, stream: Stream) -> Iterator[np.ndarray]:
    """The numbers of a file's entries that labels wait for, many at a time."""
    found: list[np.ndarray] = []
    for numbers, ids in stream.ids():
        waiting = store.waiting_ids(ids)
        found.append(numbers[[one in waiting for one in ids]])
        if sum(map(len, found)) >= _MOST_NUMBERS:
            yield np.concatenate(found)
            found = []
    if sum(map(len, found)):
        yield np.concatenate(found)


class _Joiner:
    """Joins the entries of a log with labels."""

    def __init__(
        self,
        store: LabelStore,
        profiles: ProfileOf,
        settings: Settings,
        tell: Callable[[MonitoringError], None],
    ) -> None:
        self._store = store
        self._profiles = profiles
        self._settings = settings
        self._tell = tell
        self._columns = tuple(json.loads(store.note(COLUMNS) or "[]"))
        self._judged: dict[int, tuple[ReferenceProfile, Judged] | None] = {}
        self.joined = 0

    def join(self, chunk: Chunk) -> None:
        """Joins a chunk's entries, all or none of them."""
        sizes: Counter[str] = Counter()
        ids = chunk.ids()
        for one, size in zip(ids, chunk.sizes.tolist(), strict=True):
            sizes[one] += size
        with self._store.transaction():
            # Within it, as another command may have joined some meanwhile.
            waiting = self._store.waiting(sizes)
            for version in np.unique(chunk.versions[chunk.sizes > 0]).tolist():
                entries = np.flatnonzero((chunk.versions == version) & (chunk.sizes > 0))
                for rows in chunk.rows(entries):
                    known = [ids[entry] for entry in rows.entries.tolist()]
                    self._join_rows(rows, known, chunk.times[rows.entries], version, waiting)
            if chunk.whole_requests:
                self._leave_surplus(waiting, sizes)

    def _leave_surplus(self, waiting: dict[str, dict[int, Truth]], sizes: Counter[str]) -> None:
        """Labels of rows that an answered request does not have are no labels."""
        surplus = [
            (one, row)
            for one, size in sizes.items()
            for row in waiting.get(one, {})
            if size and row >= size
        ]
        self._store.mark(surplus, SURPLUS)

    def names(self, version: int) -> Names | None:
        """The names of a version; None: it cannot be judged."""
        of = self._of(version)
        if of is None:
            return None
        outputs = dict.fromkeys(output.output for output in of[0].outputs.values())
        return Names(tuple(of[0].features), tuple(outputs))

    def _of(self, version: int) -> tuple[ReferenceProfile, Judged] | None:
        """A version's profile and label; None: it cannot be judged, of which it is told once."""
        if version not in self._judged:
            self._judged[version] = None
            try:
                profile = self._profiles(version)
                how = judged(profile, self._settings, self._columns)
                self._judged[version] = profile, how
            except MonitoringError as error:
                self._tell(error)
        return self._judged[version]

    def _join_rows(
        self,
        rows: Rows,
        ids: Sequence[str],
        times: np.ndarray,
        version: int,
        waiting: dict[str, dict[int, Truth]],
    ) -> None:
        of = self._of(version)
        assert of is not None
        profile, how = of
        keys = list(zip(ids, rows.numbers.tolist(), strict=True))
        keys, places = _first_of_each(keys, waiting)
        if not keys:
            return
        truths = [waiting[one][row] for one, row in keys]
        inputs = {name: _some(column, places) for name, column in rows.inputs.items()}
        values = {
            name: values_of(profile.features[name], column)
            for name, column in inputs.items()
            if name in profile.features and profile.features[name].kind != "opaque"
        }
        found = labels(how, truths, values)
        answers = _answers(profile, how, rows, places)
        usable = np.isfinite(found) & np.isfinite(answers.reshape(len(found), -1)).all(axis=1)
        if how.label.task == "multiclass":
            usable &= found < answers.shape[1]
        slices = rows_of_slices(profile, values, len(found))
        before = self._store.live(version) or live.begun(profile, version, self._settings)
        self._store.set_live(
            live.after(
                before,
                profile,
                found[usable],
                answers[usable],
                {name: mask[usable] for name, mask in slices.items()},
            )
        )
        good = [key for key, fits in zip(keys, usable.tolist(), strict=True) if fits]
        bad = [key for key, fits in zip(keys, usable.tolist(), strict=True) if not fits]
        self._store.mark(good, JOINED)
        self._store.mark(bad, INVALID)
        features = [
            {name: _plain(column[number]) for name, column in inputs.items()}
            for number in range(len(keys))
        ]
        self._store.add_joined(
            JoinedRow(*key, version, time, given, truth)
            for key, time, given, truth, fits in zip(
                keys, times[places].tolist(), features, truths, usable.tolist(), strict=True
            )
            if fits
        )
        self.joined += len(good)
        for one, row in keys:
            del waiting[one][row]


def _first_of_each(
    keys: list[tuple[str, int]], waiting: dict[str, dict[int, Truth]]
) -> tuple[list[tuple[str, int]], np.ndarray]:
    """The rows that a label waits for, and where they are; of an id that came twice the first."""
    found: dict[tuple[str, int], int] = {}
    for place, (one, row) in enumerate(keys):
        if row in waiting.get(one, {}):
            found.setdefault((one, row), place)
    return list(found), np.array(list(found.values()), dtype=np.int64)


def _answers(profile: ReferenceProfile, how: Judged, rows: Rows, places: np.ndarray) -> np.ndarray:
    """[rows], or [rows, classes]; NaN where there is no answer."""
    column = rows.outputs.get(how.label.output or "", [None] * rows.size)
    found = columns.numbers(_some(column, places), "DT_FLOAT", keep_nan=True)
    parts = [o for o in profile.outputs.values() if o.output == how.label.output]
    width = max([1, *(o.position + 1 for o in parts if o.position is not None)])
    answers = np.full((len(places), width), np.nan)
    whole = found.lengths == width
    flat = found.values[np.repeat(whole, found.lengths)]
    answers[whole] = flat.reshape(-1, width)
    if how.label.task == "multiclass":
        return answers
    # Of two numbers, one for each class, the second is the positive one.
    return answers[:, min(1, width - 1)]


def _some(column: Any, places: np.ndarray) -> list[Any]:
    if isinstance(column, list):
        return [column[place] for place in places.tolist()]
    return column.take(pa.array(places)).to_pylist()


def _plain(value: Any) -> Any:
    """A value as JSON can have it."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
