"""A `metadata.db` that cannot be used: what can be kept of it, and a new one in its place."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore

from pipeline.local import metadata_db
from pipeline.local.metadata_db import Problem
from pipeline.local.repair import artifacts, baseline
from pipeline.local.repair.finding import Finding, Place
from pipeline.local.repair.set_aside import SetAside

_LOSS = (
    "Set it aside. Keep what can be read of it; where that is not all, begin a new one: then the "
    "cache is lost, so the next run runs every node, and the next candidate is compared with the "
    "model that was pushed last."
)
_REMEDIES: dict[str, str] = {
    "damaged": _LOSS,
    "newer": f"{_LOSS} Or go on with the environment that it was made in.",
    "older": "Keep a copy aside and bring it to this version. Nothing is lost.",
    "locked": "Set it aside and go on with a copy, which nobody has locked. What the process that "
    "has it writes into it from then on is lost, so end that process first.",
}


def find(place: Place, found: Problem) -> Finding | None:
    """What is done about a metadata.db; None where only a person can, such as about permissions."""
    if found.kind not in _REMEDIES:
        return None
    path = place.artifacts / metadata_db.FILE
    return Finding(
        f"{found.words(path)}. {found.detail} {metadata_db.PURPOSE}",
        _REMEDIES[found.kind],
        lambda aside: rebuild(place, found, aside),
    )


def rebuild(place: Place, found: Problem, aside: SetAside) -> str:
    """Puts a usable metadata.db in the place of one that is not.

    Args:
        place: Where the model's state is.
        found: What is wrong with it.
        aside: Where the old one goes.

    Returns:
        What was kept and what was lost, in words.
    """
    path = place.artifacts / metadata_db.FILE
    old = _move(path, aside, place)
    if found.kind == "older":
        shutil.copy(old, path)
        MetadataStore(metadata_db.connection(path), enable_upgrade_migration=True)
        return "It is of this version now; nothing was lost."
    if found.kind != "newer" and _kept(old, path):
        return "All of its entries were kept."
    return _begin_anew(place, path, aside)


def _move(path: Path, aside: SetAside, place: Place) -> Path:
    """Moves the database, with the journal that belongs to it."""
    old = path
    for ending in metadata_db.PARTS:
        part = path.with_name(path.name + ending)
        if part.exists() or part.is_symlink():
            moved = aside.move(part, place.artifacts)
            old = old if ending else moved
    return old


def _kept(old: Path, new: Path) -> bool:
    """Copies a database if each of its entries can be read and they fit each other."""
    if not old.is_file() or old.stat().st_size == 0:
        return False
    copies = new.with_name(f".{new.name}.repaired")
    try:
        _copy_tables(old, copies)
        if _contradictions(copies) or isinstance(metadata_db.problem(copies, 0), Problem):
            return False
        copies.replace(new)
        return True
    except sqlite3.Error:
        return False
    finally:
        for ending in metadata_db.PARTS:
            copies.with_name(copies.name + ending).unlink(missing_ok=True)


def _copy_tables(old: Path, new: Path) -> None:
    """Copies row by row, past indexes, which are made anew.

    From a copy of the files: it has nobody's locks, and SQLite finishes there what a process that
    was killed had begun.
    """
    source = new.with_name(f"{new.name}.source")
    parts = [source.with_name(source.name + ending) for ending in metadata_db.PARTS]
    try:
        for ending, part in zip(metadata_db.PARTS, parts, strict=True):
            if (found := old.with_name(old.name + ending)).exists():
                shutil.copy(found, part)
        with (
            contextlib.closing(sqlite3.connect(source)) as readable,
            contextlib.closing(sqlite3.connect(new)) as written,
        ):
            _copy(readable, written)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    statements = source.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'index'"
    ).fetchall()
    if not any(name == "MLMDEnv" for _, name, _ in statements):
        raise sqlite3.DatabaseError("not a database of ML Metadata")
    for kind, name, sql in statements:
        own = name.startswith("sqlite_")
        if not own:
            target.execute(sql)
        if kind == "table" and (not own or name == "sqlite_sequence"):
            if own:
                target.execute(f"DELETE FROM {name}")
            rows = source.execute(f"SELECT * FROM `{name}` NOT INDEXED").fetchall()
            if rows:
                values = ", ".join("?" * len(rows[0]))
                target.executemany(f"INSERT INTO `{name}` VALUES ({values})", rows)
    target.commit()


def _contradictions(path: Path) -> bool:
    """Whether events speak of artifacts or executions that are not there, or there are none."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        [(events,)] = database.execute("SELECT count(*) FROM Event").fetchall()
        [(fitting,)] = database.execute(
            "SELECT count(*) FROM Event e JOIN Artifact a ON a.id = e.artifact_id "
            "JOIN Execution x ON x.id = e.execution_id"
        ).fetchall()
    return events == 0 or events != fitting


def _begin_anew(place: Place, path: Path, aside: SetAside) -> str:
    """An empty ML Metadata, whose numbers begin after those of the folders that are there."""
    store = MetadataStore(metadata_db.connection(path))
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        highest = max(_numbers(place.artifacts), default=0)
        database.execute("INSERT INTO sqlite_sequence VALUES ('Execution', ?)", (highest,))
    pushed = baseline.last_pushed(place)
    if pushed is not None:
        baseline.register(store, place, pushed)
    orphans = artifacts.orphans(place.artifacts, store, set())
    for orphan in orphans:
        aside.move(orphan, place.artifacts)
    kept = (
        f"The next candidate is compared with {pushed.name}, which was pushed last, even where "
        "`baseline --drop` had dropped it."
        if pushed
        else "There is no pushed model that the next candidate could be compared with."
    )
    return f"A new one was begun: the cache was lost, and {len(orphans)} folders set aside. {kept}"


def _numbers(root: Path) -> Iterator[int]:
    for pattern in ("*/*/[0-9]*", "*/.system/executor_execution/[0-9]*"):
        yield from (int(path.name) for path in root.glob(pattern) if path.name.isdecimal())
