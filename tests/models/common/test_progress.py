from __future__ import annotations

import pytest

from models.common import progress

EVENT = progress.EpochEnded({"loss": 0.5})


def test_who_listens_is_told_until_the_end() -> None:
    first: list[progress.Event] = []
    second: list[progress.Event] = []
    with progress.listening(first.append):
        with progress.listening(second.append):
            progress.notify(EVENT)
        progress.notify(EVENT)
    progress.notify(EVENT)
    assert (len(first), len(second)) == (2, 1)


def test_a_failure_ends_the_listening() -> None:
    told: list[progress.Event] = []
    with pytest.raises(RuntimeError), progress.listening(told.append):
        raise RuntimeError
    progress.notify(EVENT)
    assert not told
