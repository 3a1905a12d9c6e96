"""Monitoring's copy of what hides secrets; the kinds are tried in tests/pipeline/record."""

from __future__ import annotations

from monitoring.core.redaction import HIDDEN, redactor


def test_a_secret_is_hidden() -> None:
    hide = redactor(environment={"GH_PAT": "correct-horse"})
    assert hide.text("http://a:b1@h, correct-horse") == f"http://a:{HIDDEN}@h, {HIDDEN}"
