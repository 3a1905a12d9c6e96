"""Shifts the clock of a Python process by CLOCK_SHIFT seconds, where there is no faketime.

What asks `time` sees it, as the pipeline does for its records and TFX for its own; files keep the
system's times, as on a machine whose disk is another's.
"""

from __future__ import annotations

import os
import time

SHIFT = float(os.environ.get("CLOCK_SHIFT", "0"))
_time, _time_ns = time.time, time.time_ns

if SHIFT:
    time.time = lambda: _time() + SHIFT
    time.time_ns = lambda: _time_ns() + int(SHIFT * 1e9)
