"""The key `monitoring` in a model's `config.yaml`: what is watched for, and what then happens.

The pipeline checks the same keys when it reads the file; a test holds both to each other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitoring.core.yaml_section import read_section

Kind = Literal["outputs", "features", "refused", "classifier", "metrics", "estimate"]
Difference = Literal[
    "PSI", "L-infinity", "AUC", "share", "distribution", "tail", "missing", "unseen",
    "out of range", "wrong type", "lengths", "refused", "classifier",
]  # fmt: skip
"""Statistics, and the tests that they are of."""
Share = Annotated[float, Field(gt=0, lt=1)]


class Settings(BaseModel):
    """Every key has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    window_rows: Annotated[int, Field(ge=1)] = 1_000
    """After how many served rows it is looked, at the latest after `window_hours`."""
    window_hours: Annotated[float, Field(gt=0)] = 24
    """After how many hours it is looked, however few rows there are."""
    false_alarms: Share = 0.05
    """The chance of any false alarm, over all looks at a version."""
    alarm_on: tuple[Kind, ...] = ("outputs", "features", "refused", "classifier", "metrics")
    """What counts. The rest is shown, and raises no alarm."""
    ignore: tuple[str, ...] = ()
    """Features that are known to change, such as a date."""
    matters_from: dict[Difference, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Another effect from which a statistic's, or a test's, difference is an alarm, such as
    `PSI: 0.2` or `unseen: 0.05`."""
    on_alarm: Literal["nothing", "notify", "retrain"] = "notify"
    """What `watch` does: `notify` tells people; `retrain` does, and with `--act` trains again."""
    cool_down_hours: Annotated[float, Field(ge=0)] = 24
    """For how long after an alarm the same one is not told of again, and nothing is started."""
    retrainings_a_week: Annotated[int, Field(ge=0)] = 2
    """At most so many are started in seven days."""
    canary_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Which share of requests goes to the version that a retraining pushed."""
    label: str | None = None
    """How the judged label follows from columns of a file of true labels and from features, such as
    `tips > 0.2 * fare`; null: the column of the label's name."""
    export_labelled: str | None = None
    """A folder below `data/`, to which rows whose labels came are written before a retraining, as
    files that `data.path` finds; null: nowhere."""


def read_settings(models: Path, model: str) -> Settings:
    """The settings of a model; the defaults where its folder or the key is missing.

    Args:
        models: The folder of the models' folders.
        model: The model's name.

    Raises:
        MonitoringError: The file or a value is no use.
    """
    path = models / model / "config.yaml"
    return read_section(path, "monitoring", Settings, "docs/configuration.md")
