"""Garbage is looked for again while nodes run."""

import gc

from pipeline.local.concurrency import garbage


def test_it_is_looked_for_again() -> None:
    before = gc.get_threshold()
    gc.disable()
    try:
        garbage.collect_rarely()
        assert gc.isenabled() and gc.get_threshold()[0] > before[0]
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
        gc.enable()
