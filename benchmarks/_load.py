"""An open-loop generator: requests on a fixed schedule, whatever the server answers meanwhile.

A request's time is counted from when it was due, so that one which waits because the server was
slow to answer those before counts its wait: else the slow moments would be seen by few requests
(coordinated omission).
"""

from __future__ import annotations

import ctypes
import select
import socket
import time
from collections import deque

_PR_SET_TIMERSLACK = 29
_END_OF_HEAD = b"\r\n\r\n"


def request(path: str, body: bytes) -> bytes:
    """A POST of JSON, as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(port: int, sent: bytes, rate: float, seconds: float, connections: int) -> list[float]:
    """Sends requests at a rate, and gives the seconds that each took from when it was due.

    Args:
        port: Of a server on the loopback.
        sent: The request, as `request` makes it.
        rate: Requests a second.
        seconds: For how long they are due.
        connections: How many are open; with all of them waiting, requests wait as well.

    Raises:
        ValueError: An answer is not 200.
    """
    # Else the system wakes a process up to 50 microseconds late.
    ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    sockets = [_connected(port) for _ in range(connections)]
    free = deque(sockets)
    due_of: dict[socket.socket, float] = {}
    answers: dict[socket.socket, bytes] = {}
    times: list[float] = []
    start = time.perf_counter()
    count, total = 0, int(rate * seconds)
    while len(times) < total:
        now = time.perf_counter()
        while count < total and free and start + count / rate <= now:
            chosen = free.popleft()
            due_of[chosen] = start + count / rate
            chosen.send(sent)
            count += 1
        wait = max(0.0, start + count / rate - time.perf_counter()) if count < total else 1.0
        readable, _, _ = select.select(list(due_of), [], [], wait if free else 1.0)
        now = time.perf_counter()
        for each in readable:
            answers[each] = answers.get(each, b"") + each.recv(65536)
            if _is_whole(answers[each]):
                if not answers.pop(each).startswith(b"HTTP/1.1 200"):
                    raise ValueError("The server did not answer 200")
                times.append(now - due_of.pop(each))
                free.append(each)
    for each in sockets:
        each.close()
    return times


def quantile(times: list[float], share: float) -> float:
    """The time that this share of the requests did not exceed."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def _connected(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), 30)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(_END_OF_HEAD)
    if _END_OF_HEAD not in answer:
        return False
    for field in head.lower().split(b"\r\n"):
        if field.startswith(b"content-length:"):
            return len(body) >= int(field.partition(b":")[2])
    return answer.endswith(b"0\r\n\r\n")
