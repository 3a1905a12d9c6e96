"""Messages between the supervisor and a worker, over a pair of sockets."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from serving.core import logs

_REPLY = "reply"


class Message(NamedTuple):
    """What one side tells the other."""

    what: str
    value: Any = None
    question: int | None = None
    """The number of the question, where an answer is waited for."""


class Gone(Exception):  # noqa: N818  # not an error: the other side has ended, as it may
    """The other side has ended."""


class Channel:
    """One side's end; any thread may send.

    Args:
        connection: To the other side.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._numbers = itertools.count()
        self._asked: dict[int, Future[Any]] = {}
        self._ended = False

    def start(self, receive: Callable[[Message], None], end: Callable[[], None]) -> None:
        """Begins to read, on a thread.

        Args:
            receive: Gets each message; must not block for long.
            end: Called when the other side has ended.
        """
        thread = threading.Thread(
            target=self._read, args=(receive, end), name="workers", daemon=True
        )
        thread.start()

    def tell(self, what: str, value: Any = None) -> None:
        """Sends a message; one to a side that has ended is lost, as that side's `end` tells."""
        self._send(Message(what, value))

    def ask(self, what: str, value: Any = None, seconds: float | None = None) -> Any:
        """Sends a message and waits for its answer.

        Raises:
            Gone: The other side has ended.
            TimeoutError: It has not answered in time.
        """
        number = next(self._numbers)
        answer = self._asked[number] = Future()
        try:
            self._send(Message(what, value, number))
            if self._ended:
                raise Gone
            return answer.result(seconds)
        finally:
            self._asked.pop(number, None)

    def reply(self, asked: Message, value: Any = None) -> None:
        """Answers a message that was asked."""
        self._send(Message(_REPLY, value, asked.question))

    def give_up(self) -> None:
        """Has all that wait for an answer raise `Gone`."""
        for answer in list(self._asked.values()):
            with contextlib.suppress(Exception):  # It has come meanwhile.
                answer.set_exception(Gone())

    def close(self) -> None:
        """Ends it, for both sides."""
        # The thread that reads closes it: another one's closing could hand its number to somebody
        # else while it is read from.
        with (
            contextlib.suppress(OSError),
            socket.socket(fileno=os.dup(self._connection.fileno())) as same,
        ):
            same.shutdown(socket.SHUT_RDWR)

    def _send(self, message: Message) -> None:
        with self._sending, contextlib.suppress(OSError):
            self._connection.send(message)

    def _read(self, receive: Callable[[Message], None], end: Callable[[], None]) -> None:
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                break
            if message.what != _REPLY:
                try:
                    receive(message)
                except Exception as error:  # the next messages must be read all the same
                    told = f"{type(error).__name__}: {error}"
                    logs.event("message failed", "error", message=message.what, error=told)
            elif (answer := self._asked.get(message.question)) is not None:
                with contextlib.suppress(Exception):  # Given up meanwhile.
                    answer.set_result(message.value)
        self._ended = True
        with self._sending:
            self._connection.close()
        self.give_up()
        end()
