"""Everything here that asks a server, and the table of servers that are not what they should be."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from models.common.errors import ProjectError
from pipeline.cloud import answers
from pipeline.cloud.answers import AnswerError, Service
from pipeline.cloud.kubeflow import endpoint
from pipeline.cloud.platforms.kfp import KubeflowPipelines
from pipeline.cloud.platforms.vertex import VertexAI
from pipeline.cloud.submission import uploads
from tests.helpers import bad_servers
from tests.pipeline.cloud.small_job import small_job

KUBEFLOW = KubeflowPipelines(bucket="gs://b")
VERTEX = VertexAI(project="p", region="r", bucket="gs://b")
NOTHING: dict[str, str] = {}
CRON = "0 4 * * 1"
Ask = Callable[[Path], object]

KUBEFLOW_ASKS: dict[str, Ask] = {
    "ready": lambda folder: KUBEFLOW.check_ready("m-1", "m", scheduled=False),
    "run": lambda folder: KUBEFLOW.submit(small_job(folder, ".yaml")),
    "schedule": lambda folder: KUBEFLOW.submit(small_job(folder, ".yaml", cron=CRON)),
    "schedules": lambda folder: KUBEFLOW.schedules("m", "m"),
}
VERTEX_ASKS: dict[str, Ask] = {
    "ready": lambda folder: VERTEX.check_ready("m-1", "m", scheduled=False),
    "job": lambda folder: VERTEX.submit(small_job(folder, ".json")),
    "schedule": lambda folder: VERTEX.submit(small_job(folder, ".json", cron=CRON)),
    "pushed": lambda folder: VERTEX.pushed("m-1", 0.01),
}
FEW = ("a web page", "JSON of another service", "a redirection to a login page", "401", "nobody")
"""Of the table, for those that ask through what others are tried with whole."""


def every(asks: dict[str, Ask]) -> list[tuple[str, str]]:
    """Each server for the first that asks, and a few for the others."""
    whole, *others = asks
    return [(whole, kind) for kind in bad_servers.SERVERS] + [
        (ask, kind) for ask in others for kind in FEW
    ]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "DEADLINE", 0.5)
    monkeypatch.setattr(uploads, "TIMEOUT", 0.5)


def refused(ask: Callable[[], object]) -> ProjectError:
    """How it is told: what was asked, what came, what to do; soon, and without a secret."""
    began = time.monotonic()
    with pytest.raises(ProjectError) as told:
        ask()
    assert time.monotonic() - began < 6
    error = told.value
    assert error.headline and error.remedy.endswith(".")
    assert "Received: " in error.detail or "Looked in " in error.detail
    assert "t0ps3cret" not in str(error)
    assert "Traceback" not in str(error) and len(str(error)) < 1500
    return error


@pytest.mark.parametrize(("ask", "kind"), every(KUBEFLOW_ASKS))
def test_on_kubeflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ask: str, kind: str) -> None:
    with bad_servers.SERVERS[kind]() as address:
        monkeypatch.setenv(endpoint.ENDPOINT, address)
        error = refused(lambda: KUBEFLOW_ASKS[ask](tmp_path))
    assert address in str(error)


@pytest.mark.parametrize(("ask", "kind"), every(VERTEX_ASKS))
def test_on_vertex(as_google: Callable[[str], None], tmp_path: Path, ask: str, kind: str) -> None:
    with bad_servers.SERVERS[kind]() as address:
        as_google(address)
        refused(lambda: VERTEX_ASKS[ask](tmp_path))


@pytest.mark.parametrize("kind", bad_servers.SERVERS)
@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_in_buckets(monkeypatch: pytest.MonkeyPatch, scheme: str, kind: str) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with bad_servers.SERVERS[kind]() as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        error = refused(lambda: uploads.put(f"{scheme}://b/modules", {"1.zip": b"one"}))
    assert error.headline == f"{scheme}://b/modules cannot be written to"


SERVICE = Service("The server", "the address in ADDRESS", "Set TOKEN.")


@pytest.mark.parametrize(
    ("status", "location", "remedy"),
    [
        (302, "http://h/login", "This is mostly a login page. Set TOKEN."),
        (308, "https://h/a", "Write the address in ADDRESS with https://."),
        (401, None, "It wants a login, or does not take this one. Set TOKEN."),
        (403, None, "may not do this"),
        (404, None, "Check the address in ADDRESS: another service or version may be there."),
        (429, None, "wait a minute"),
        (400, None, "Change what it objects to"),
        (503, None, "The server itself has failed"),
    ],
)
def test_each_status_has_a_remedy(status: int, location: str | None, remedy: str) -> None:
    error = SERVICE.status_error("GET http://h/a", status, "", location)
    assert remedy in error.remedy
    assert error.status == status
    assert error.refused == (400 <= status < 500)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (bad_servers.PAGE.decode(), "Sign in"),
        ("<html><body><b>Who</b> are &quot;you&quot;?</body></html>", 'Who are "you"?'),
        ('{"error": {"message": "not yours"}}', "not yours"),
        ('{"error": "short", "message": "long words"}', "long words"),
        ('{"error_message": "no pipeline"}', "no pipeline"),
        ('{"other": 1}', '{"other": 1}'),
        ("  many \n lines ", "many lines"),
        ("", ""),
        ("x" * 400, f"{'x' * 300}..."),
    ],
)
def test_what_an_answer_says(body: str, said: str) -> None:
    assert answers.said_in(body) == said


def test_a_password_in_an_address_is_not_told() -> None:
    error = SERVICE.status_error("GET http://me:secret@h/a?key=secret", 500, "")
    assert "secret" not in str(error)
    assert "http://h/a" in error.detail


def test_a_missing_login_is_told_as_one() -> None:
    class NoCredentialsError(Exception):
        pass

    error = SERVICE.broken_error("GET http://h", NoCredentialsError("Unable to locate credentials"))
    assert (error.remedy, error.refused) == ("Set TOKEN.", False)


def test_a_call_has_its_time_and_its_errors() -> None:
    assert answers.within(lambda: 7) == 7
    with pytest.raises(KeyError):
        answers.within(lambda: NOTHING["a"])
    with pytest.raises(TimeoutError, match="no whole answer within"):
        answers.within(lambda: time.sleep(2))


def test_it_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(AnswerError("a", "b", "c", 404)))
    assert (str(error), error.status) == ("a\nb\nc", 404)
