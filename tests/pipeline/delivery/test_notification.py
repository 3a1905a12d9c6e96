"""The workflows' copy of what tells a webhook; its kinds are tried in tests/serving/release."""

from __future__ import annotations

import json

from pipeline.delivery.notification import EVENTS, Notification, send


def test_each_event_can_be_told() -> None:
    for event in EVENTS:
        body = Notification(event, "taxi", "why").body(lambda text: text.replace("why", "[hidden]"))
        assert body["text"].startswith("taxi ") and "[hidden]" in json.dumps(body)


def test_nobody_is_told_without_an_address() -> None:
    assert send(Notification("failed", "taxi"), "", str) == ""
