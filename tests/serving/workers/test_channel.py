"""Messages arrive in order, questions are answered, and an end ends all waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from multiprocessing.connection import Pipe

import pytest

from serving.workers.channel import Channel, Gone, Message


class Side:
    """One end, with what it has received."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.received: list[Message] = []
        self.changed = threading.Event()
        self.ended = threading.Event()
        channel.start(self._receive, self.ended.set)

    def _receive(self, message: Message) -> None:
        if message.what == "double":
            self.channel.reply(message, 2 * message.value)
        self.received.append(message)
        if message.what == "last":
            self.changed.set()


@pytest.fixture
def sides() -> Iterator[tuple[Side, Side]]:
    one, two = Pipe()
    both = Side(Channel(one)), Side(Channel(two))
    yield both
    for side in both:
        side.channel.close()


def test_messages_come_whole_and_in_order_of_their_thread(sides: tuple[Side, Side]) -> None:
    one, two = sides

    def tell(number: int) -> None:
        for value in range(50):
            one.channel.tell("m", (number, value))

    with ThreadPoolExecutor() as pool:
        list(pool.map(tell, range(4)))
    one.channel.tell("last")
    assert two.changed.wait(10)
    values = [message.value for message in two.received[:-1]]
    assert sorted(values) == [(n, i) for n in range(4) for i in range(50)]
    assert all([i for n, i in values if n == each] == list(range(50)) for each in range(4))


def test_both_sides_may_ask_at_once(sides: tuple[Side, Side]) -> None:
    with ThreadPoolExecutor() as pool:
        asked = [(side, n) for n in range(30) for side in sides]
        answers = pool.map(lambda each: each[0].channel.ask("double", each[1], 10), asked)
        assert list(answers) == [2 * n for _, n in asked]


def test_who_is_not_answered_is_told(sides: tuple[Side, Side]) -> None:
    one, two = sides
    with pytest.raises(NotInTime):
        one.channel.ask("nothing", seconds=0.05)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(one.channel.ask, "nothing", None, 10)
        while len(two.received) < 2:
            pass
        one.channel.give_up()
        with pytest.raises(Gone):
            waiting.result(5)


def test_the_end_ends_both_sides_and_all_waiting(sides: tuple[Side, Side]) -> None:
    one, two = sides
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(one.channel.ask, "nothing")
        while not two.received:
            pass
        two.channel.close()
        with pytest.raises(Gone):
            waiting.result(5)
    assert one.ended.wait(5)
    assert two.ended.wait(5)
    one.channel.tell("to nobody")
    with pytest.raises(Gone):
        one.channel.ask("nobody")


def test_a_message_that_fails_does_not_end_the_reading(
    sides: tuple[Side, Side], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = sides
    one.channel.tell("double", None)
    one.channel.tell("last")
    assert two.changed.wait(5)
    assert '"message failed"' in capsys.readouterr().err
