"""The address and the login of Kubeflow Pipelines, as people write them."""

from __future__ import annotations

import pytest

from models.common.errors import ConfigError
from pipeline.cloud.kubeflow import endpoint
from pipeline.cloud.kubeflow.endpoint import ENDPOINT, TOKEN, Endpoint


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        (" https://host/pipeline/ \n", "https://host/pipeline"),
        ("http://localhost:8080/#/runs", "http://localhost:8080"),
        ("https://host/pipeline/#/pipelines", "https://host/pipeline"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("HTTP://Host.Example:80", "http://Host.Example:80"),
        ("http://host:", "http://host"),
    ],
)
def test_addresses(given: str, address: str) -> None:
    assert endpoint.from_environment({ENDPOINT: given}) == Endpoint(address)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "The Kubeflow cluster is not named"),
        ("localhost:8080", "Write http://localhost:8080, or https://localhost:8080"),
        ("kubeflow.example.com", "Write http://kubeflow.example.com"),
        ("me:secret@host:80", "Write http://host:80"),
        ("ftp://host", "no address of Kubeflow Pipelines"),
        ("http://", "no address of Kubeflow Pipelines"),
        ("http:///path", "no address of Kubeflow Pipelines"),
        ("http://a b", "no address of Kubeflow Pipelines"),
        ("http://host:port", "no address of Kubeflow Pipelines"),
        ("http://host:99999", "no address of Kubeflow Pipelines"),
        ("http://[::1", "no address of Kubeflow Pipelines"),
        ("http://me:secret@", "no address of Kubeflow Pipelines"),
        ("http://host/?a=secret", "no address of Kubeflow Pipelines"),
    ],
)
def test_what_is_no_address_is_told(given: str, words: str) -> None:
    with pytest.raises(ConfigError) as told:
        endpoint.from_environment({ENDPOINT: given})
    assert words in str(told.value)
    assert ENDPOINT in str(told.value)
    assert "secret@" not in str(told.value)


def test_a_user_with_a_password() -> None:
    found = endpoint.from_environment({ENDPOINT: "https://me:p%40ss@host:8443/pipeline"})
    assert found == Endpoint("https://host:8443/pipeline", login=("me", "p@ss"))
    assert "p@ss" not in repr(found)


@pytest.mark.parametrize("given", ["abc.def", " abc.def\n", "Bearer abc.def"])
def test_a_token(given: str) -> None:
    found = endpoint.from_environment({ENDPOINT: "http://h", TOKEN: given})
    assert found.token == "abc.def"
    assert "abc.def" not in repr(found)


@pytest.mark.parametrize("given", ["abc def", "abc\ndef", "äbc"])
def test_what_is_no_token_is_told_without_it(given: str) -> None:
    with pytest.raises(ConfigError, match="KF_PIPELINES_TOKEN is no bearer token") as told:
        endpoint.from_environment({ENDPOINT: "http://h", TOKEN: given})
    assert given not in str(told.value)


def test_an_empty_token_is_none() -> None:
    assert endpoint.from_environment({ENDPOINT: "http://h", TOKEN: " "}).token is None


def test_two_logins_are_told() -> None:
    with pytest.raises(ConfigError, match="two logins"):
        endpoint.from_environment({ENDPOINT: "http://me:you@h", TOKEN: "abc"})
