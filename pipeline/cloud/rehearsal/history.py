"""What tasks have left: the part of ML Metadata that Kubeflow asks, as a file of JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from models.common.errors import RunError
from pipeline.cloud.rehearsal.bucket import StandIn
from pipeline.cloud.rehearsal.specification import title

Artifact = dict[str, Any]
"""A `RuntimeArtifact` in JSON: name, type, uri, metadata."""
Outputs = dict[str, list[Artifact]]

_TERM = re.compile(r"(schema_title|state|name|metadata\.(?P<key>\w+)\.\w+_value)=(?P<value>.*)")
_PLACEHOLDER = re.compile(
    r"\{\{\$\.inputs\.artifacts\['(?P<input>\w+)'\]\.metadata\['(?P<key>\w+)'\]\}\}"
)


class History:
    """Executions of earlier rehearsals and of this one.

    Args:
        file: One line for each execution; it need not exist.
        pipeline: The pipeline's name: those of others are not seen.
        bucket: Where artifacts are.
    """

    def __init__(self, file: Path, pipeline: str, bucket: StandIn) -> None:
        self._file = file
        self._pipeline = pipeline
        self._bucket = bucket

    def add(self, task: str, fingerprint: str, outputs: Outputs) -> None:
        """Keeps a successful execution."""
        entry = {
            "pipeline": self._pipeline,
            "task": task,
            "fingerprint": fingerprint,
            "outputs": outputs,
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def cached(self, fingerprint: str) -> Outputs | None:
        """The outputs of the latest execution like this one, if they are still there."""
        for entry in self._entries():
            if entry["fingerprint"] == fingerprint:
                outputs: Outputs = entry["outputs"]
                found = [artifact for artifacts in outputs.values() for artifact in artifacts]
                return outputs if all(self._is_live(artifact) for artifact in found) else None
        return None

    def resolve(self, query: str, inputs: Mapping[str, list[Artifact]]) -> list[Artifact]:
        """The latest artifact that a resolver's query describes; at most one.

        Args:
            query: Terms such as `schema_title="tfx.Model"`, joined by ` AND `.
            inputs: The resolver's input artifacts, of which a term may name a property.

        Raises:
            RunError: The query has a term that is not known here.
        """
        terms = [_term(term, inputs) for term in query.split(" AND ")]
        if None in terms:  # It asks for what an input says, and there is no such input.
            return []
        for entry in self._entries():
            for artifacts in entry["outputs"].values():
                for artifact in artifacts:
                    if all(self._has(artifact, *term) for term in terms if term):
                        return [artifact]
        return []

    def _entries(self) -> Iterator[dict[str, Any]]:
        """This pipeline's executions, the latest first."""
        if self._file.exists():
            lines = self._file.read_text(encoding="utf-8").splitlines()
            entries = (json.loads(line) for line in reversed(lines) if line.endswith("}"))
            yield from (entry for entry in entries if entry["pipeline"] == self._pipeline)

    def _has(self, artifact: Artifact, what: str, wanted: str) -> bool:
        if what == "schema_title":
            return title(artifact["type"]) == wanted
        if what == "state":
            return self._is_live(artifact) == (wanted == "LIVE")
        if what == "name":
            return artifact["name"] == wanted
        value = artifact["metadata"].get(what)
        return float(value) == float(wanted) if isinstance(value, int | float) else value == wanted

    def _is_live(self, artifact: Artifact) -> bool:
        return self._bucket.path(artifact["uri"]).exists()


def _term(term: str, inputs: Mapping[str, list[Artifact]]) -> tuple[str, str] | None:
    """What a term asks for and the value that it wants; None where its input is absent."""
    parts = _TERM.fullmatch(term)
    if parts is None:
        raise RunError(
            "A resolver's query is not known to the rehearsal",
            f"Received: {term}.",
            "Teach pipeline/cloud/rehearsal/history.py what it means.",
        )
    what, value = parts["key"] or parts[1], parts["value"].strip('"')
    if placeholder := _PLACEHOLDER.fullmatch(value):
        found = inputs.get(placeholder["input"])
        if not found:
            return None
        value = str(found[0]["metadata"].get(placeholder["key"]))
    return what, value
