"""When Python looks for garbage."""

import gc

_THRESHOLDS = (10_000, 10, 10)
"""How many objects Python has made when it looks for garbage: graphs are many small ones."""


def collect_rarely() -> None:
    """Switches it on, but not over what is there by now, such as what was imported.

    That stays, and to search it again and again is, for a table of thousands of columns, a tenth of
    a node's time.
    """
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()
