"""What is done around every inference, whichever protocol it comes by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from serving.core.errors import Code, ServingError
from serving.core.exchange import Answer, Call, Exchange, Refusal
from serving.core.hooks import Entry, Hooks
from serving.core.metrics import Metrics
from serving.core.model_spec import ModelSpec


class Log:
    """A request log in memory."""

    def __init__(self, stores: bool = True) -> None:
        self.entries: list[Entry] = []
        self._stores = stores

    async def submit(self, entry: Entry) -> bool:
        self.entries.append(entry)
        return self._stores

    def close(self) -> None:
        pass


def exchange(token: str = "", log: Log | None = None) -> Exchange:
    return Exchange(Hooks(request_log=log), Metrics(), token, lambda name: name == "taxi")


def call(name: str = "taxi", label: str | None = None) -> Call:
    return Call("id", ModelSpec(name, label=label), "Predict", "REST", lambda: b'{"instances":[1]}')


def answering(answer: Answer) -> Callable[[], Awaitable[Answer]]:
    async def infer() -> Answer:
        return answer

    return infer


def failing(error: Exception) -> Callable[[], Awaitable[Answer]]:
    async def infer() -> Answer:
        raise error

    return infer


def counted(used: Exchange) -> list[str]:
    name = ":tensorflow:serving:request_count"
    return [
        line.removeprefix(name)
        for line in used.metrics.text().splitlines()
        if line.startswith(f"{name}{{")
    ]


@pytest.mark.parametrize("code", Code)
def test_an_error_is_counted_by_its_code_and_answered_with_its_status(code: Code) -> None:
    log = Log()
    used = exchange(log=log)
    answer = asyncio.run(used.run(call(), failing(ServingError(code, "no"))))
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.body) == (code.http, b'{"error":"no"}')
    assert counted(used) == [f'{{model_name="taxi",status="{code.name}"}} 1']
    assert [(entry.status, entry.response) for entry in log.entries] == [(code.http, answer.body)]


@pytest.mark.parametrize("status", [200, *sorted({code.http for code in Code}), 413, 418, 520])
def test_another_servers_status_is_counted_in_the_same_words(status: int) -> None:
    used = exchange()
    asyncio.run(used.run(call(), answering(Answer(b"{}", status))))
    code = Code.of_http(status)
    assert counted(used) == [f'{{model_name="taxi",status="{code.name if code else "OK"}"}} 1']


def test_what_fails_unexpectedly_is_internal_and_told_to_the_log_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = Log()
    used = exchange(log=log)
    answer = asyncio.run(used.run(call(), failing(KeyError("secret"))))
    assert answer.status == 500 and b"secret" not in answer.body
    assert "secret" in capsys.readouterr().err
    assert counted(used) == ['{model_name="taxi",status="INTERNAL"} 1']
    assert log.entries[0].status == 500


def test_names_that_clients_make_up_are_no_labels() -> None:
    used = exchange()
    asyncio.run(used.run(call("made-up"), failing(ServingError(Code.NOT_FOUND, "no"))))
    assert counted(used) == ['{model_name="",status="NOT_FOUND"} 1']
    assert "made-up" not in used.metrics.text()


def test_time_is_counted_by_model_method_and_entrypoint() -> None:
    used = exchange()
    asyncio.run(used.run(call(), answering(Answer(b"{}"))))
    labels = '{model_name="taxi",API="Predict",entrypoint="REST"}'
    assert f":tensorflow:serving:request_latency_count{labels} 1" in used.metrics.text()


@pytest.mark.parametrize("stores", [True, False])
def test_what_is_logged(stores: bool) -> None:
    log = Log(stores)
    used = exchange(log=log)
    sent = Answer(b"[2]", version=3, label="canary")
    assert asyncio.run(used.run(call(), answering(sent))) is sent
    (entry,) = log.entries
    assert (entry.id, entry.model, entry.version, entry.label) == ("id", "taxi", 3, "canary")
    assert (entry.request, entry.response, entry.status) == (b'{"instances":[1]}', b"[2]", 200)
    assert 0 <= entry.seconds < 5
    assert sent.logged is stores
    assert f'serving_request_log_total{{stored="{str(stores).lower()}"}} 1' in used.metrics.text()


def test_a_refused_request_is_logged_with_the_label_that_it_named() -> None:
    log = Log()
    refused = failing(ServingError(Code.NOT_FOUND, "no"))
    asyncio.run(exchange(log=log).run(call(label="stable"), refused))
    assert (log.entries[0].label, log.entries[0].version) == ("stable", None)


def test_without_a_log_nobody_asks_for_the_requests_json() -> None:
    def request() -> bytes:
        raise AssertionError

    asked = Call("id", ModelSpec("taxi"), "Predict", "GRPC", request)
    answer = asyncio.run(exchange().run(asked, answering(Answer(b"{}"))))
    assert answer.logged is None


@pytest.mark.parametrize("sent", [b"", b"secret", b"Bearer", b"Bearer Secret", b"Basic secret"])
def test_without_the_token_a_request_is_refused_and_counted(sent: bytes) -> None:
    used = exchange(token="secret")
    with pytest.raises(ServingError) as refused:
        used.authorize(sent)
    assert refused.value.code == Code.UNAUTHENTICATED
    assert counted(used) == ['{model_name="",status="UNAUTHENTICATED"} 1']


def test_the_token_and_a_server_without_one() -> None:
    for scheme in (b"Bearer", b"bearer", b"BEARER", b"Bearer "):
        exchange(token="secret").authorize(scheme + b" secret")
    refused = Refusal(ServingError(Code.UNAUTHENTICATED, "no"))
    assert (b"www-authenticate", b"Bearer") in refused.headers
    exchange().authorize(b"")


def test_ids() -> None:
    used = exchange()
    assert used.request_id("mine" * 100) == ("mine" * 100)[:128]
    assert len({exchange().request_id(""), used.request_id(""), used.request_id("")}) == 3
