"""Where runs are read from: folders, buckets and exports of Neptune, of which copies are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dashboard.errors import DashboardError
from dashboard.records.sources import neptune_export
from dashboard.records.sources.bucket import BucketSource
from dashboard.records.sources.folder import FolderSource, Source
from dashboard.records.sources.neptune_export import NeptuneExportSource
from dashboard.records.sources.stores import SCHEMES


def opened(addresses: Sequence[str], cache: Path) -> list[Source]:
    """The sources that addresses name.

    Args:
        addresses: Folders, or buckets and folders in them, such as `gs://bucket/runs`.
        cache: The folder for copies of what is in buckets.

    Raises:
        DashboardError: An address is of a store that is not known.
    """
    return [_opened(address, cache) for address in dict.fromkeys(addresses)]


def _opened(address: str, cache: Path) -> Source:
    scheme, separator, rest = address.partition("://")
    if not separator:
        folder = Path(address).absolute()
        if neptune_export.is_one(folder):
            return NeptuneExportSource(folder, cache)
        return FolderSource(folder)
    if scheme not in SCHEMES or not rest.strip("/"):
        raise DashboardError(
            f"Runs cannot be read from {address}",
            f"Expected: a folder, or {', '.join(f'{name}://bucket/runs' for name in SCHEMES)}.",
            "Correct --runs.",
        )
    return BucketSource(address.rstrip("/"), cache)
