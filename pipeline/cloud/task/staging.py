"""Lets TFX work on the local copies of a task's artifacts.

On Kubeflow a task's launcher copies the input artifacts from the store to the task's own disk
before it starts the container, and the outputs from there to the store when the container is done:
`s3://bucket/x` is `/s3/bucket/x` (https://github.com/kubeflow/pipelines,
backend/src/v2/component/launcher_v2.go). So every store that Kubeflow knows will do, whatever
TensorFlow can read, and with the launcher's credentials. Vertex AI has no such launcher; TensorFlow
reads its buckets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components import object_store  # noqa: F401  (for fileio)
from pipeline.cloud.task.artifact_types import ExecutorInput

_FOLDERS = {"gs": "gcs", "s3": "s3", "minio": "minio"}
"""Where the launcher keeps the buckets of each scheme, below the root."""


def applies(given: ExecutorInput) -> bool:
    """Whether a launcher takes what the task writes: it looks on the task's own disk."""
    output_file = given.get("outputs", {}).get("outputFile", "")
    return "://" not in output_file and any("://" in one.get("uri", "") for one in _all(given))


@dataclass
class Staging:
    """The local copies of one task's artifacts.

    Args:
        given: The task's executor input.
    """

    given: ExecutorInput
    _addresses: dict[str, str] = field(default_factory=dict)
    """The artifacts' addresses by local path."""
    _by_hand: list[str] = field(default_factory=list)
    """Local paths of outputs that no launcher takes."""

    def local(self) -> ExecutorInput:
        """The executor input with local paths; they are made to hold what they should.

        Without a launcher, as when a task is run by hand again, inputs are copied here.

        Raises:
            StoreError: An input cannot be copied.
        """
        root = self._root()
        outputs = list(_artifacts(self.given, "outputs"))
        launched = all(Path(_path(one["uri"], root)).parent.is_dir() for one in outputs)
        for one in _artifacts(self.given, "inputs"):
            path = self._keep(one["uri"], root)
            if not launched and not Path(path).exists() and fileio.exists(one["uri"]):
                io_utils.copy_dir(one["uri"], path)
        for one in outputs:
            path = self._keep(one["uri"], root)
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            if not launched:
                self._by_hand.append(path)
        paths = {address: path for path, address in self._addresses.items()}
        return _replaced(self.given, paths)

    def publish(self) -> None:
        """Tells the launcher the addresses of what the task has made.

        Raises:
            StoreError: There is no launcher, and an output cannot be copied to the store.
        """
        file = Path(self.given["outputs"]["outputFile"])
        written = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps(_replaced(written, self._addresses)), encoding="utf-8")
        for path in self._by_hand:
            if Path(path).is_dir():
                io_utils.copy_dir(path, self._addresses[path])

    def _keep(self, address: str, root: str) -> str:
        path = _path(address, root)
        self._addresses[path] = address
        return path

    def _root(self) -> str:
        """The folder of the local copies: the root, but where a launcher is told otherwise.

        The file that the task leaves its word in is beside its outputs, since Kubeflow 2.15;
        Kubeflow's own components find the way from one to the other by it too.
        """
        beside = str(Path(self.given["outputs"]["outputFile"]).parent)
        for one in _artifacts(self.given, "outputs"):
            folder = _path(one["uri"].rpartition("/")[0], "")
            if beside.endswith(folder):
                return beside.removesuffix(folder)
        return ""


@dataclass
class InPlace:
    """Artifacts that stay in the store, as Beam's workers are on other machines.

    Args:
        given: The task's executor input.
    """

    given: ExecutorInput

    def local(self) -> ExecutorInput:
        """The executor input; TFX's own files go beside the outputs, where workers see them."""
        return {**self.given, "outputs": {**self.given["outputs"], "outputFile": self._output}}

    def publish(self) -> None:
        """Tells the launcher what the task has made."""
        with fileio.open(self._output) as file:
            written = file.read()
        place = Path(self.given["outputs"]["outputFile"])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(written, encoding="utf-8")

    @property
    def _output(self) -> str:
        first = next(_artifacts(self.given, "outputs"))
        return f"{first['uri'].rpartition('/')[0]}/executor_output.json"


def _path(address: str, root: str) -> str:
    scheme, _, rest = address.partition("://")
    return f"{root}/{_FOLDERS[scheme]}/{rest}" if scheme in _FOLDERS else address


def _artifacts(given: ExecutorInput, side: str) -> Iterator[dict[str, Any]]:
    for found in given.get(side, {}).get("artifacts", {}).values():
        yield from found.get("artifacts", [])


def _all(given: ExecutorInput) -> Iterator[dict[str, Any]]:
    yield from _artifacts(given, "inputs")
    yield from _artifacts(given, "outputs")


def _replaced(value: Any, texts: dict[str, str]) -> Any:
    """A JSON value with other texts for some."""
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, dict):
        return {key: _replaced(below, texts) for key, below in value.items()}
    if isinstance(value, list):
        return [_replaced(below, texts) for below in value]
    return value
