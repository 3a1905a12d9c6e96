"""Monitoring beside Evidently and NannyML: what is found, false alarms, harm, and what it costs.

uv venv peers && uv pip install --python peers evidently nannyml river
python -m benchmarks.monitoring peers/bin/python [found|cost ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks.monitoring import cost, false_alarms, found, harm, power

SECTIONS: dict[str, Callable[[str], None]] = {
    "found": found.measure,
    "power": power.measure,
    "false-alarms": false_alarms.measure,
    "harm": harm.measure,
    "cost": cost.measure,
}


def main() -> None:
    """Measures the sections that are named, or all of them."""
    peers, *names = sys.argv[1:] or ["peers/bin/python"]
    for name in names or SECTIONS:
        print(f"== {name}", flush=True)
        SECTIONS[name](peers)


if __name__ == "__main__":
    main()
