"""The other processes that serve on the same ports. A server of one process has none."""

from __future__ import annotations

from serving.core.errors import ServingError
from serving.core.metrics import Metrics


class Peers:
    """What a process asks of the others; here, of none."""

    def agree(self, model: str, version: int, fingerprint: object) -> None:
        """Waits until every process has loaded a version, so that all begin at once to serve it.

        Args:
            model: The model's name.
            version: The version, which this process has loaded.
            fingerprint: Of the version's folder.

        Raises:
            ServingError: Another process refuses the version.
        """

    def refuse(self, model: str, version: int, fingerprint: object, error: ServingError) -> None:
        """Tells that this process refuses a version."""

    def unready(self, own: list[str]) -> list[str]:
        """Why not every process can answer for every model.

        Args:
            own: Why this one cannot.
        """
        return own

    def scan(self) -> None:
        """Has every process look at the serving folder, and waits until they have."""

    async def metrics(self, own: Metrics) -> str:
        """What all processes have counted, in Prometheus' text format.

        Args:
            own: What this one has.
        """
        return own.text()


ALONE = Peers()
