"""`release.yaml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.core.errors import ServingError
from serving.release import settings
from serving.release.settings import ReleaseSettings
from tests.helpers.paths import ROOT


def test_the_file_of_the_project_says_the_defaults() -> None:
    assert settings.read(ROOT / "release.yaml") == ReleaseSettings()


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    assert settings.read(tmp_path / "release.yaml") == ReleaseSettings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("canary: {share: 0}", "canary.share"),
        ("canary: {share: 1}", "canary.share"),
        ("canary: {requests: 29}", "canary.requests"),
        ("canary: {hours: 0}", "canary.hours"),
        ("canary: {hours: .inf}", "canary.hours"),
        ("canary: {other_answers: keep}", "canary.other_answers"),
        ("canary: {shares: 0.1}", "there is no such key; did you mean 'share'?"),
        ("server: tensorflow", "server: "),
        ("platform: aws", "platform: "),
        ("platform: vertex\nserver: router", "Expected with platform 'vertex': 'embedded'."),
        ("platform: kubernetes\nserver: tensorflow-serving", "'embedded' or 'router'"),
        ("kubernetes: {namespace: 'a b'}", "kubernetes.namespace"),
        ("version: 2", "version"),
        ("[]", "the file"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_mistake_is_told_with_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "release.yaml"
    path.write_text(text)
    with pytest.raises(ServingError) as error:
        settings.read(path)
    assert told in str(error.value) and str(path) in str(error.value)


def test_each_key_is_on_the_page() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    for name, field in ReleaseSettings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        keys = [f"{name}.{key}" for key in inner] if inner else [name]
        assert all(f"| `{key}` |" in page for key in keys), keys
