"""Drift beside Evidently and NannyML: false alarms, what is found, and what it costs.

uv venv peers && uv pip install --python peers evidently nannyml river
python -m benchmarks.monitoring peers/bin/python

Data: employment in Massachusetts from the US census, which NannyML's package has. Windows of the
reference year's rows raise false alarms; changed ones, and rows of later years, are to be found.
For each way of telling, the threshold is what 1 % of clean windows are above, so that all raise as
many false alarms: only then can one say who finds more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.monitoring import ours
from benchmarks.monitoring.scenarios import CLEAN, REFERENCE, ROWS, Scenario, scenarios

HERE = Path(__file__).parent
FALSE = 0.01
"""The share of clean windows above the threshold."""


def main() -> None:
    """Prints a line for each scenario, and the cost of a look."""
    peers = sys.argv[1] if len(sys.argv) > 1 else "peers/bin/python"
    with tempfile.TemporaryDirectory() as folder:
        census = Path(folder) / "census.npz"
        _run(peers, "census", census)
        print(f"reference {REFERENCE:,} rows, windows {ROWS:,}, found at {FALSE:.0%} false alarms")
        for scenario in scenarios(dict(np.load(census))):
            path = Path(folder) / "windows.npz"
            np.savez(path, reference=scenario.reference, windows=scenario.windows)
            scores = Path(folder) / "scores.npz"
            kind = "category" if scenario.category else "number"
            _run(peers, kind, path, scores)
            found = {name: _found(values) for name, values in np.load(scores).items()}
            found = {"ours": _found(ours.scores(scenario)), **found}
            shown = "  ".join(f"{name} {share:.0%}" for name, share in found.items())
            print(f"{scenario.name:32} {shown}", flush=True)
            if scenario.name.startswith("age"):
                _false_alarms(scenario)
    _cost()


def _run(peers: str, *arguments: str | Path) -> None:
    # Both report to their makers that they are used, unless they are told not to.
    quiet = {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}
    program = [peers, str(HERE / "peers.py"), *map(str, arguments)]
    subprocess.run(program, check=True, env={**os.environ, **quiet})


def _found(scores: np.ndarray) -> float:
    """The share of changed windows above what the clean ones are below."""
    return float((scores[CLEAN:] > np.quantile(scores[:CLEAN], 1 - FALSE)).mean())


def _false_alarms(scenario: Scenario) -> None:
    """Our own p-values at their nominal level, in the clean windows."""
    p_values = np.exp(-ours.scores(scenario)[:CLEAN])
    print(f"{'':32} clean windows with p < 0.05: {(p_values < 0.05).mean():.1%}")


def _cost() -> None:
    for features in (10, 200):
        look = ours.wide(features)
        start = time.perf_counter()
        look()
        print(f"a look at {features} features: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
