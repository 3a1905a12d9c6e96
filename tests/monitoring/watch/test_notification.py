"""The watcher's copy of what tells a webhook; its kinds are tried in tests/serving/release."""

from __future__ import annotations

import pytest

from monitoring.watch.notification import Notification


@pytest.mark.parametrize("event", ["alarm", "retraining", "deployed", "rolled back", "failed"])
def test_what_the_watcher_tells_has_words(event: str) -> None:
    body = Notification(event, "taxi", "fare differs", 3).body(str)
    assert body["text"].startswith("taxi 3 ") and body["text"].endswith(": fare differs")
