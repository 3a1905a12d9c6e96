"""Where ML Metadata and the artifacts do not agree: dead executions, lost, damaged and orphans."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from components.content import artifact as content
from pipeline import nodes
from pipeline.local import recovery
from pipeline.local.repair.baseline import FOLDER
from pipeline.local.repair.finding import Finding, Place
from pipeline.local.repair.set_aside import SetAside
from pipeline.show import formatting


def find(place: Place, store: MetadataStore) -> Iterator[Finding]:
    """What one of them has and the other has not.

    Only who has the model's lock may ask: to it, no execution is going on.

    Args:
        place: Where the model's state is.
        store: The model's ML Metadata.
    """
    dead = {one.id for one in store.get_executions() if one.last_known_state in recovery.UNFINISHED}
    if dead:
        yield Finding(
            f"{formatting.path(place.artifacts)}: {_count(len(dead), 'execution')} never ended, as "
            "the run was killed",
            "Mark them as failed. The next run would do the same.",
            lambda _: recovery.mark_failed(store, dead),
        )
    live = [one for one in store.get_artifacts() if one.state == metadata_store_pb2.Artifact.LIVE]
    for artifact in live:
        if not Path(artifact.uri).exists():
            yield _of_lost(artifact, store)
        elif found := _damage(artifact):
            yield _of_damaged(artifact, found, place, store)
    yield from (_of_orphan(path, place) for path in orphans(place.artifacts, store, dead))


def orphans(root: Path, store: MetadataStore, dead: set[int]) -> list[Path]:
    """The folders of artifacts and of executions that ML Metadata does not know.

    Args:
        root: The folder with a folder for each node.
        store: The model's ML Metadata.
        dead: The executions that never ended.
    """
    ended = {str(one.id) for one in store.get_executions()} - {str(number) for number in dead}
    known = {"/".join(Path(one.uri).parts[-3:]) for one in store.get_artifacts()}
    found = []
    for node in (path for path in sorted(root.glob("*")) if path.name in (*nodes.ORDER, FOLDER)):
        for path in sorted(node.glob("*/[0-9]*")):
            if path.name.isdecimal() and path.relative_to(root).as_posix() not in known:
                found.append(path)
        for path in sorted(node.glob(".system/executor_execution/[0-9]*")):
            if path.name not in ended:
                found.append(path)
        found += sorted(node.glob(".system/stateful_working_dir/*"))
    return found


def _damage(artifact: metadata_store_pb2.Artifact) -> str | None:
    """What of it is not as it was written; of one without a hash nothing is known."""
    expected = artifact.custom_properties[content.HASH].string_value
    return content.damage(artifact.uri, expected, thorough=True) if expected else None


def _of_lost(artifact: metadata_store_pb2.Artifact, store: MetadataStore) -> Finding:
    return Finding(
        f"{formatting.path(artifact.uri)} is gone, and ML Metadata speaks of it",
        f"Mark it as deleted, {_made_again(artifact)}.",
        lambda _: _mark_deleted(store, artifact),
    )


def _of_damaged(
    artifact: metadata_store_pb2.Artifact, found: str, place: Place, store: MetadataStore
) -> Finding:
    def apply(aside: SetAside) -> None:
        aside.move(Path(artifact.uri), place.artifacts)
        _mark_deleted(store, artifact)

    return Finding(
        f"{formatting.path(artifact.uri)} is damaged: {found}",
        f"Set it aside, {_made_again(artifact)}.",
        apply,
    )


def _made_again(artifact: metadata_store_pb2.Artifact) -> str:
    if artifact.type in ("Model", "ModelBlessing"):
        return (
            "so that it is made again where it is needed; the next candidate is compared with a "
            "blessed model that is still there"
        )
    return "so that it is made again where it is needed"


def _of_orphan(path: Path, place: Place) -> Finding:
    return Finding(
        f"{formatting.path(path)} belongs to no execution that has ended",
        "Set it aside.",
        lambda aside: aside.move(path, place.artifacts),
    )


def _mark_deleted(store: MetadataStore, artifact: metadata_store_pb2.Artifact) -> None:
    artifact.state = metadata_store_pb2.Artifact.DELETED
    store.put_artifacts([artifact])


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
