"""Opening a port and closing it: the socket, TLS, and the signals that end a server."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from typing import Any

from serving.core import logs
from serving.core.errors import Code, ServingError
from serving.core.settings import LOOPBACK, Settings


def stop_signal() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def tls(settings: Settings) -> ssl.SSLContext | None:
    """How connections are encrypted; None if they are not.

    Raises:
        ServingError: The certificate or its key cannot be used.
    """
    if settings.tls_certificate is None:
        if settings.tls_key is not None:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"There is a key, {settings.tls_key}, and no certificate",
                "",
                "Name the certificate with --tls-certificate.",
            )
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"The certificate {settings.tls_certificate} or its key {settings.tls_key} cannot be "
            "used",
            str(error),
            "Both must be PEM files that belong together.",
        ) from error
    return context


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ServingError: The port is taken, or there is no such address.
    """
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except (OSError, OverflowError) as error:
        raise ServingError(
            Code.UNAVAILABLE,
            f"Cannot listen on {host}, port {port}",
            str(error),
            "Stop what uses the port, or choose another with --rest-port.",
        ) from error


def tell_of_listening(settings: Settings, rest_port: int, grpc_port: int, **more: Any) -> None:
    """Has the log say where the server listens, and who may ask it."""
    logs.event(
        "listening", host=settings.host, rest_port=rest_port, grpc_port=grpc_port,
        models=settings.models.resolve(), **more,
    )  # fmt: skip
    if settings.host not in LOOPBACK and not settings.token:
        remedy = "Anyone who reaches it may ask; --token-file asks for a token."
        logs.event("open to others", "warning", host=settings.host, remedy=remedy)
