"""A worker, as the supervisor sees it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Pipe

from serving.workers.channel import Channel, Message
from serving.workers.hub import Served
from serving.workers.ports import Ports

_MOST_UNANSWERED = 20
"""Questions, so that the pipe of a process that does not run is never full."""


@dataclass(eq=False)
class Worker:
    """A process that serves."""

    slot: int
    """Whose socket it accepts from."""
    number: int
    """Of all that were started."""
    process: subprocess.Popen[bytes]
    channel: Channel
    started: float = field(default_factory=time.monotonic)
    listens: bool = False
    leaves: bool = False
    """Whether it has been told to end, or says that it does."""
    reports: bool = False
    """Whether it has told what it serves."""
    scanned: bool = False
    """Whether it has looked at the serving folder, and loaded what it found then."""
    serves: Served = frozenset()
    unready: list[str] = field(default_factory=lambda: ["The models are being loaded."])
    """Why it cannot answer for every model."""
    unanswered: int = 0

    @property
    def answers(self) -> bool:
        """Whether it takes new connections."""
        return self.listens and not self.leaves

    @property
    def agrees(self) -> bool:
        """Whether others wait for it before they serve another version."""
        return self.answers and self.scanned

    def ask(self, what: str, question: int) -> None:
        """Asks for an answer, which comes as a message with the question's number."""
        if self.unanswered < _MOST_UNANSWERED:
            self.unanswered += 1
            self.channel.tell(what, question)

    def end_in_words(self) -> str:
        """The status with which it has ended, or the signal that ended it."""
        status: int = self.process.returncode
        known = status < 0 and -status in set(signal.Signals)
        return signal.Signals(-status).name if known else str(status)


def start(
    slot: int,
    number: int,
    ports: Ports,
    receive: Callable[[Worker, Message], None],
) -> Worker:
    """Starts a worker.

    Args:
        slot: Whose socket it accepts from.
        number: Of all that were started.
        ports: All sockets, as it may accept from those of others too.
        receive: Gets its messages, on a thread.
    """
    ours, theirs = Pipe()
    sockets = [bound.fileno() for bound in ports.rest]
    process = subprocess.Popen(
        [sys.executable, "-m", "serving", "worker", str(theirs.fileno()), *map(str, sockets)],
        pass_fds=[theirs.fileno(), *sockets],
        stdin=subprocess.DEVNULL,
        # A terminal's Ctrl-C is for the supervisor alone.
        start_new_session=True,
    )
    theirs.close()
    worker = Worker(slot, number, process, Channel(ours))
    worker.channel.start(lambda message: receive(worker, message), lambda: None)
    return worker
