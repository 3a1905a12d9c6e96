"""The project's exceptions: each says what is wrong, what was found, and what to do.

They live in the lowest room so that models, components and the pipeline raise the same kind.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from typing import Any

Anomaly = dict[str, str]

MISTAKE = 2
"""The exit status of a program that found a mistake before it did anything."""


class ProjectError(Exception):
    """An error that a person can act on.

    Args:
        headline: One line: what is wrong, naming the file or key.
        detail: What was received and what was expected; may span lines.
        remedy: What to do next, as an instruction.
    """

    def __init__(self, headline: str, detail: str = "", remedy: str = "") -> None:
        super().__init__(headline)
        self.headline = headline
        self.detail = detail
        self.remedy = remedy

    def __str__(self) -> str:
        return "\n".join(part for part in (self.headline, self.detail, self.remedy) if part)

    def __reduce__(self) -> tuple[type[ProjectError], tuple[Any, ...]]:
        return type(self), (self.headline, self.detail, self.remedy)


class ConfigError(ProjectError):
    """A model's `config.yaml`, an override of it, or a model folder is not usable."""


class DataError(ProjectError):
    """The input data cannot be read as a table of examples."""


class AnomalyError(ProjectError):
    """The data differs from its schema by more than the config allows.

    Args:
        anomalies: Each with `feature`, `split`, `severity`, `headline` and `detail`.
    """

    def __init__(self, headline: str, detail: str, remedy: str, anomalies: list[Anomaly]) -> None:
        super().__init__(headline, detail, remedy)
        self.anomalies = anomalies

    def __reduce__(self) -> tuple[type[ProjectError], tuple[Any, ...]]:
        return type(self), (self.headline, self.detail, self.remedy, self.anomalies)


class ModelCodeError(ProjectError):
    """A model folder's own code raised, or did not deliver what the pipeline needs."""


class NotFiniteError(ModelCodeError):
    """A network gives NaN or infinity in training."""


class ServingError(ProjectError):
    """An exported model does not answer as a server would need it to."""


class RunError(ProjectError):
    """A run could not be started, found or continued."""


def did_you_mean(received: str, known: Iterable[str]) -> str:
    """Returns `; did you mean 'x'?` where one of the known names is close, else nothing."""
    known = list(known)
    for name in known:
        if name != received and _composed(name) == _composed(received):
            return f"; did you mean {name!a}? Received: {received!a}, which looks the same"
    others = [name for name in known if name != received]  # It is wrong in another way then.
    close = [name for name in others if name.casefold() == received.casefold()]
    close = close or difflib.get_close_matches(received, others, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def _composed(name: str) -> str:
    """A name with its accents in the letters: an accent may be a character of its own, too."""
    return unicodedata.normalize("NFC", name)
