"""`worker`: what `up --workers` starts; not for people."""

from __future__ import annotations

import dataclasses
import os
import socket
import warnings
from multiprocessing.connection import Connection

from serving.commands.app import app


@app.command(hidden=True)
def worker(connection: int, sockets: list[int]) -> None:
    """One of the processes of `up --workers`, which it starts itself.

    Args:
        connection: The descriptor of a connection to the supervisor.
        sockets: Those of the sockets that workers accept from.
    """
    to_supervisor = Connection(connection)
    try:
        settings, grpc_port, slot = to_supervisor.recv().value
    except EOFError:  # The supervisor has ended meanwhile.
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning)
    from serving.commands import hooks
    from serving.core import logs
    from serving.workers.channel import Channel
    from serving.workers.link import SharedRouter
    from serving.workers.worker import Worker

    if settings.token:
        logs.hide(settings.token)
    logs.add_to_all(worker=slot)
    channel = Channel(to_supervisor)
    router = SharedRouter(channel)
    Worker(
        dataclasses.replace(settings, grpc_port=grpc_port),
        hooks.of_worker(settings.models, router),
        channel,
        router,
        [socket.socket(fileno=number) for number in sockets],
        slot,
    ).run()
