"""What is plugged into a server is closed with it."""

from serving.core.hooks import Hooks


class Closing:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_each_hook_is_closed_once() -> None:
    router, log = Closing(), Closing()
    Hooks(router, log).close()  # type: ignore[arg-type]
    Hooks(None, log).close()  # type: ignore[arg-type]
    Hooks().close()
    assert (router.closed, log.closed) == (1, 2)
