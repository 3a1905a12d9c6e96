"""The versions of a model in the serving folder, and their profiles."""

from __future__ import annotations

from pathlib import Path

from monitoring.core.errors import MonitoringError
from monitoring.profile.reference_profile import ReferenceProfile, read_profile


class Profiles:
    """The reference profiles of a model's pushed versions, each read once.

    Args:
        models: The serving folder.
        model: The model.
    """

    def __init__(self, models: Path, model: str) -> None:
        self._folder = models / model
        self._known: dict[int, ReferenceProfile] = {}

    def __call__(self, version: int) -> ReferenceProfile:
        """The profile of a version.

        Raises:
            MonitoringError: It has none, or one of another format.
        """
        if version not in self._known:
            self._known[version] = read_profile(self._folder / str(version))
        return self._known[version]

    def newest(self) -> ReferenceProfile:
        """The profile of the newest version that has one.

        Raises:
            MonitoringError: There is no such model, or no version with a profile.
        """
        if not self._folder.is_dir():
            there = [one.name for one in self._folder.parent.glob("[!.]*/") if one.is_dir()]
            raise MonitoringError(
                f"{self._folder.parent}: there is no model '{self._folder.name}'",
                f"Received: {', '.join(sorted(there)) or 'a folder without models'}.",
                "Name one of these, or another serving folder: --models DIR",
            )
        versions = [int(one.name) for one in self._folder.iterdir() if one.name.isdecimal()]
        problem = MonitoringError(
            f"{self._folder}: there is no version", "", "Push one: python -m pipeline run MODEL"
        )
        for number, version in enumerate(sorted(versions, reverse=True)):
            try:
                return self(version)
            except MonitoringError as error:
                problem = error if number == 0 else problem
        raise problem
