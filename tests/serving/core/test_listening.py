"""Opening a port: the socket and TLS."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from serving.core.errors import Code, ServingError
from serving.core.listening import listen, stop_signal, tls
from serving.core.settings import Settings
from serving.workers.ports import bind


def test_a_free_port_is_found_and_a_taken_one_is_refused() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert port > 0
        with pytest.raises(ServingError, match=f"port {port}") as refused:
            listen("127.0.0.1", port)
    assert refused.value.code == Code.UNAVAILABLE


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ServingError, match=r"Cannot listen on 192\.0\.2\.1"):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize("port", [-1, 65536, 2**40])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ServingError, match=f"port {port}"):
        listen("127.0.0.1", port)
    with pytest.raises(ServingError, match=f"port {port}"):
        bind("127.0.0.1", port, -1, 2)


def test_without_a_certificate_there_is_no_tls(tmp_path: Path) -> None:
    assert tls(Settings(tmp_path)) is None
    with pytest.raises(ServingError, match="no certificate"):
        tls(Settings(tmp_path, tls_key=tmp_path / "key.pem"))


@pytest.mark.parametrize("content", [None, "no PEM"])
def test_a_certificate_that_cannot_be_used_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "certificate.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ServingError, match="cannot be used"):
        tls(Settings(tmp_path, tls_certificate=path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_server(number: signal.Signals) -> None:
    async def run() -> None:
        stop = stop_signal()
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 5)

    asyncio.run(run())
