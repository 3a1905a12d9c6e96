"""`request_log.yaml` in the serving folder: what is logged, where, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from serving.core.files import settings_file

FILE = "request_log.yaml"

Share = Annotated[float, Field(ge=0, le=1)]


class ModelSettings(settings_file.Section):
    """What is logged of one model's requests."""

    sample: Share | None = None
    """The share of its requests that is logged; null: as for every model."""
    redact: tuple[str, ...] = ()
    """Features whose values are left out, besides those of every model."""


class LogSettings(settings_file.Section):
    """The request log's settings; every key has a default."""

    version: Literal[1] = 1
    """The version of this file's format."""
    enabled: bool = True
    """Whether requests are logged at all."""
    folder: str = ".request_log"
    """Where the log's files are, relative to the serving folder."""
    sample: Share = 1.0
    """The share of the requests that is logged."""
    redact: tuple[str, ...] = ()
    """Features whose values are left out. Binary values and error messages, which can hold any
    feature, are then left out too."""
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    """Other settings for some models, by name."""
    durability: Literal["process", "power"] = "process"
    """What an acknowledged entry survives: the death of the process, or that of the machine too,
    which costs a disk's flush for each commit."""
    wait_ms: Annotated[float, Field(ge=0, le=1000)] = 5
    """How long an answer waits for its entry's commit, in milliseconds; then it goes out without
    `X-Request-Logged`."""
    queue: Annotated[int, Field(ge=1)] = 20_000
    """How many entries may wait to be written; more are dropped."""
    queue_mb: Annotated[float, Field(gt=0)] = 64
    """How many megabytes of requests and responses may wait to be written."""
    file_mb: Annotated[float, Field(gt=0)] = 256
    """The size in megabytes after which a new file is begun; one is begun each day as well."""
    keep_days: Annotated[float, Field(gt=0)] = 30
    """After how many days a file is removed."""
    keep_mb: Annotated[float, Field(gt=0)] = 10_240
    """How many megabytes of files are kept; the oldest are removed first."""

    def sample_of(self, model: str) -> float:
        """The share of a model's requests that is logged."""
        own = self.models.get(model)
        return self.sample if own is None or own.sample is None else own.sample

    def redact_of(self, model: str) -> frozenset[str]:
        """The features of a model that are left out."""
        own = self.models.get(model)
        return frozenset(self.redact) | frozenset(own.redact if own else ())

    def unknown_names(self, known: Mapping[str, frozenset[str]]) -> list[str]:
        """What the file names and no model has, one sentence each: it has no effect.

        Args:
            known: The served models, each with the names of its inputs and outputs.
        """
        anywhere = frozenset().union(*known.values())
        told = [
            f"redact: no model has a feature '{name}'{settings_file.did_you_mean(name, anywhere)}"
            for name in self.redact
            if known and name not in anywhere
        ]
        for model, own in self.models.items():
            if model not in known:
                close = settings_file.did_you_mean(model, known)
                told.append(f"models: there is no model '{model}'{close}")
                continue
            told += [
                f"models.{model}.redact: the model has no feature '{name}'"
                f"{settings_file.did_you_mean(name, known[model])}"
                for name in own.redact
                if name not in known[model]
            ]
        return told


def read(serving_folder: Path) -> LogSettings:
    """Reads the settings of a serving folder.

    Raises:
        ServingError: The file is there and is not usable.
    """
    return settings_file.read(serving_folder / FILE, LogSettings)


def log_folder(serving_folder: Path, settings: LogSettings) -> Path:
    """Where the log's files are."""
    return serving_folder / settings.folder
