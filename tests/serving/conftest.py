"""A server of the conformance models, for all tests of a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.core import logs
from tests.helpers.model_server import Running, running


@pytest.fixture(scope="session")
def conformance_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A serving folder with the models of the conformance table."""
    from serving.conformance import models

    folder = tmp_path_factory.mktemp("conformance") / "models"
    folder.mkdir()
    models.build(folder)
    return folder


@pytest.fixture(scope="session")
def server(conformance_models: Path) -> Iterator[Running]:
    """A server of the conformance models."""
    with running(conformance_models) as started:
        yield started


@pytest.fixture(autouse=True)
def no_token_is_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What one test's server keeps from its log, another's may say."""
    monkeypatch.setattr(logs, "_SECRETS", set())
    logs.redactor.cache_clear()
    yield
    logs.redactor.cache_clear()
