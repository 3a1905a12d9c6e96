"""A worker: a model server whose ports, peers and end are the supervisor's."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from serving.core import logs
from serving.core.hooks import Hooks
from serving.core.listening import tls
from serving.core.settings import Settings
from serving.grpc.server import GrpcServer
from serving.http.server import HttpServer
from serving.server import Server
from serving.workers.channel import Channel, Message
from serving.workers.link import Link, Reports, SharedRouter, State

_SECONDS_FOR_CLIENTS = 3.0
"""In which those who have a connection to a worker that is replaced are to ask again."""


class Worker(Server):
    """A server of which there are several.

    Args:
        settings: How to serve.
        hooks: The shared router, and the request log.
        channel: To the supervisor.
        router: The shared router.
        sockets: Each worker's, to accept from.
        slot: Which of them this worker is.
    """

    def __init__(
        self,
        settings: Settings,
        hooks: Hooks,
        channel: Channel,
        router: SharedRouter,
        sockets: Sequence[socket.socket],
        slot: int,
    ) -> None:
        self._link = Link(channel)
        super().__init__(settings, hooks, self._link)
        self._channel = channel
        self._router = router
        self._sockets = sockets
        self._slot = slot
        self._accepted: dict[int, socket.socket] = {}
        self._accepting = asyncio.Lock()
        self._all_stop = False
        self._leaves = False
        self._reports = Reports(channel, router, self._state)

    def run(self) -> None:
        """Serves until the supervisor says so or ends, or somebody sends SIGTERM."""
        super().run()
        self._reports.stop()
        self._channel.tell("answer", (None, self._engine.metrics.families()))

    async def _open(self, http: HttpServer, grpc: GrpcServer, stop: asyncio.Event) -> None:
        listen = asyncio.Event()
        ended = asyncio.ensure_future(stop.wait())
        self._follow_supervisor(http, listen, stop)
        self._versions.start()
        self._reports.start()
        if self._slot == 0:  # Once for all.
            threading.Thread(target=self._warn_of_unknown_names, daemon=True).start()
        may_listen = asyncio.ensure_future(listen.wait())
        await asyncio.wait([ended, may_listen], return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        may_listen.cancel()
        if not stop.is_set():
            await grpc.start()
            self._channel.tell("listens")

    async def _drain(self, http: HttpServer, grpc: GrpcServer) -> None:
        self._channel.tell("leaves")
        self._channel.give_up()
        if self._all_stop:
            self._leaves = True
            await super()._drain(http, grpc)
        else:
            # The server is as ready as before. Others accept; clients with a connection to this
            # worker learn with their next answer that they are to open another.
            await self._accept(http, set())
            self._leaves = True
            grpc.announce_stop()
            http.end_connections()
            await asyncio.sleep(max(_SECONDS_FOR_CLIENTS, self._settings.drain))
        for bound in self._sockets:
            bound.close()

    def _follow_supervisor(
        self, http: HttpServer, listen: asyncio.Event, stop: asyncio.Event
    ) -> None:
        loop = asyncio.get_running_loop()

        def on_loop(function: Callable[[], Any]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(function)

        def end(_: Any = None) -> None:
            self._all_stop = True
            on_loop(stop.set)

        def accept(slots: set[int]) -> None:
            on_loop(lambda: asyncio.ensure_future(self._accept(http, slots)))

        handlers: Mapping[str, Callable[[Any], None]] = {
            "plans": self._router.tell_plans,
            "unready": self._link.tell_unready,
            "listen": lambda _: on_loop(listen.set),
            "accept": accept,
            "stop": end,
            "leave": lambda _: on_loop(stop.set),
            "counts?": self._tell_counts,
            "scan?": lambda question: threading.Thread(
                target=self._scan, args=(question,), daemon=True
            ).start(),
        }

        def receive(message: Message) -> None:
            handlers[message.what](message.value)

        def supervisor_ended() -> None:
            logs.event("supervisor ended", "warning")
            end()

        self._channel.start(receive, supervisor_ended)

    async def _accept(self, http: HttpServer, slots: set[int]) -> None:
        """Accepts from the sockets of these workers, and of no others."""
        async with self._accepting:
            if self._leaves:  # What was told before the supervisor knew.
                return
            for slot in slots - self._accepted.keys():
                own = self._accepted[slot] = self._sockets[slot].dup()
                await http.start(own, tls(self._settings))
            for slot in self._accepted.keys() - slots:
                http.leave(self._accepted.pop(slot))

    def _state(self) -> State:
        scanned = self._versions.scanned.is_set()
        serves = frozenset(
            (name, number)
            for name, served in self._versions.snapshot.items()
            for number in served.versions
        )
        return scanned, serves, self._versions.unready_here()

    def _tell_counts(self, question: int) -> None:
        # Before: what was observed is counted by the supervisor.
        self._router.report()
        self._channel.tell("answer", (question, self._engine.metrics.families()))

    def _scan(self, question: int) -> None:
        try:
            self._versions.scan()
        finally:
            self._channel.tell("answer", (question, None))
