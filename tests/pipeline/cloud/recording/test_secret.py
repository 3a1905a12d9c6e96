"""Values of Secret Manager."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from models.common.errors import RunError
from pipeline.cloud.recording import secret
from tests.helpers.cloud_server import Server

NAME = "projects/p/secrets/neptune/versions/latest"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    server = Server()
    monkeypatch.setattr(secret, "_SERVICE", f"{server.url}/v1")
    monkeypatch.setattr(secret, "_session", requests.Session)
    yield server
    server.close()


def test_a_secret_s_value_stands_for_its_name(asked: Server) -> None:
    data = base64.b64encode(b"the token").decode()
    asked.answers["GET", f"{NAME}:access"] = [(200, {"payload": {"data": data}})]
    given = {"NEPTUNE_PROJECT": "w/p", "NEPTUNE_API_TOKEN": f"{secret.PREFIX}{NAME}"}
    found = secret.revealed(given)
    assert found == {"NEPTUNE_PROJECT": "w/p", "NEPTUNE_API_TOKEN": "the token"}


@pytest.mark.parametrize(
    "answer", [(403, {"error": {"message": "no"}}), (200, "<html>"), (200, {}), (404, {})]
)
def test_what_is_refused_is_told(answer: Any, asked: Server) -> None:
    asked.answers["GET", f"{NAME}:access"] = [answer]
    with pytest.raises(RunError, match="cannot be read") as caught:
        secret.revealed({"A": f"{secret.PREFIX}{NAME}"})
    assert NAME in caught.value.headline and "Secret Accessor" in caught.value.remedy


@pytest.mark.parametrize("name", ["token", "projects/p/secrets/x", f"{NAME}/more", " "])
def test_what_is_no_name_of_a_secret(name: str) -> None:
    assert not secret.NAME.fullmatch(name)
