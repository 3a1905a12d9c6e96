"""What a watcher keeps of earlier windows, so that false alarms are bounded over all looks.

Windows are put together by twos: after look number k there is one block of windows for each one in
the binary digits of k. So after a million looks there are at most twenty blocks, each as large as
one window's summary.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitoring.core.record import Record
from monitoring.core.settings import Settings
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.summarizing import added
from monitoring.summary.window_summary import WindowSummary


class Block(Record):
    """Windows put together."""

    windows: int
    """A power of two."""
    summary: WindowSummary


class History(Record):
    """Of the looks at a version."""

    looks: int = 0
    blocks: tuple[Block, ...] = ()
    """The longest, and earliest, first."""
    requests: int = 0
    """Of all windows."""
    refused: int = 0


def together(history: History, window: WindowSummary) -> Iterator[Block]:
    """The window alone, then with the windows before it: 2, 4, 8, ... as far as they are complete.

    Args:
        history: Before the window.
        window: What is looked at.
    """
    block = Block(windows=1, summary=window)
    yield block
    for earlier in reversed(history.blocks):
        if earlier.windows != block.windows:
            return
        block = Block(windows=2 * block.windows, summary=added(earlier.summary, block.summary))
        yield block


def remember(
    history: History, profile: ReferenceProfile, window: WindowSummary, settings: Settings
) -> History:
    """The history with a window that was looked at.

    Args:
        history: Before it; it stays as it is.
        profile: Of the version; features that it does not have are left out.
        window: What was looked at.
        settings: Of the model; ignored features are left out.
    """
    kept = profile.features.keys() - set(settings.ignore)
    light = window.model_copy(
        update={
            "sample": {},
            "sample_requests": (),
            "unknown_features": {},
            "features": {name: of for name, of in window.features.items() if name in kept},
        }
    )
    *_, block = together(history, light)
    # Shorter blocks are part of the new one.
    longer = [each for each in history.blocks if each.windows > block.windows]
    return History(
        looks=history.looks + 1,
        blocks=(*longer, block),
        requests=history.requests + window.requests,
        refused=history.refused + window.refused,
    )
