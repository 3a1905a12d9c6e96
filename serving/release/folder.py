"""A copy on this machine of a serving folder that is in a bucket."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from serving.core.errors import ServingError
from serving.core.files.atomic_file import write_whole
from serving.model import models_config, version_folders
from serving.model.models_config import ServedModel
from serving.release import endings
from serving.release.endings import Ending
from serving.release.store import Store
from serving.routing import observations, state

_LOG_SETTINGS = "request_log.yaml"


@dataclass
class Copy:
    """The copy, brought up to date by `pull`.

    Args:
        store: The serving folder in the bucket.
        folder: The one on this machine; made where it is missing.
    """

    store: Store
    folder: Path
    own: list[Ending] = field(default_factory=list)
    """Endings that this process knows of, whether or not they have got into the bucket."""
    _read: tuple[bytes | None, bytes | None, frozenset[str]] | None = None
    _endings: list[Ending] = field(default_factory=list)
    _named: set[Path] = field(default_factory=set)
    _unnamed: set[Path] = field(default_factory=set)

    def pull(self, versions: bool = True) -> bool:
        """Takes over labels, shares and versions; returns whether there was anything new.

        Versions come first, so that a server finds whole what it is told to serve.

        Args:
            versions: Whether to fetch the versions themselves too.

        Raises:
            ServingError: The bucket cannot be read, or what is in it is not usable.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # In this order: whoever changes both writes the labels last.
        labels = self.store.read(models_config.FILE)
        shares = self.store.read(state.FILE)
        self._endings = endings.read(self.store, self._endings)
        known = [*self._endings, *self.own]
        now = labels, shares, frozenset(each.name for each in known)
        if now == self._read:
            return False
        models, texts = self._settled(labels, shares, known)
        if versions:
            self._fetch(models.values())
        for name, text in texts.items():
            write_whole(self.folder / name, text)
        self._read = now
        return True

    def pull_log_settings(self) -> None:
        """Takes over the settings of the request log, which servers read at their start.

        Raises:
            ServingError: The bucket cannot be read.
        """
        content = self.store.read(_LOG_SETTINGS)
        if content is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / _LOG_SETTINGS).write_bytes(content)

    def pull_observations(self) -> None:
        """Takes over what all servers have observed.

        Raises:
            ServingError: The bucket cannot be read.
        """
        for name in self.store.names(observations.FOLDER):
            content = self.store.read(name)
            if content is not None:
                path = self.folder / observations.FOLDER / Path(name).name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    def push(self) -> None:
        """Gives labels and shares to the bucket: shares first, as without a label none is given.

        Raises:
            ServingError: The bucket cannot be written to.
        """
        for name in (state.FILE, models_config.FILE):
            self.store.write(name, (self.folder / name).read_bytes())

    def _settled(
        self, labels: bytes | None, shares: bytes | None, known: Iterable[Ending]
    ) -> tuple[dict[str, ServedModel], dict[str, str]]:
        """The models, and the texts of both files, in the order in which they are to be written."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".settling-") as scratch:
            for name, content in ((models_config.FILE, labels), (state.FILE, shares)):
                if content is not None:
                    Path(scratch, name).write_bytes(content)
            try:
                models = models_config.read(Path(scratch, models_config.FILE))
                routing = state.read(Path(scratch))
            except ServingError as error:
                message = error.message.replace(scratch, self.store.address)
                detail = error.detail.replace(scratch, self.store.address)
                raise ServingError(error.code, message, detail, error.remedy) from error
            models, routing = endings.settled(models, routing, known)
            if labels is None:
                return {}, {}  # Nothing was released yet.
            models_config.write(Path(scratch, models_config.FILE), models)
            state.write(Path(scratch), routing)
            files = (state.FILE, models_config.FILE)
            return models, {name: Path(scratch, name).read_text("utf-8") for name in files}

    def _fetch(self, models: Iterable[ServedModel]) -> None:
        wanted = set()
        for served in models:
            place = served.folder(self.folder)
            there = version_folders.versions(place)
            for version in served.versions:
                wanted.add(place / str(version))
                if version not in there:
                    shutil.rmtree(place / str(version), ignore_errors=True)
                    place.mkdir(parents=True, exist_ok=True)
                    self.store.fetch(f"{served.name}/{version}", place / str(version))
        for gone in self._unnamed - wanted:
            shutil.rmtree(gone, ignore_errors=True)
        # What is named no more is unloaded after this: its folder goes at the next change.
        self._unnamed = self._named - wanted
        self._named = wanted
