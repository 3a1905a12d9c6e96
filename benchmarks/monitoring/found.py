"""What is found of changed windows, at the same share of false alarms as the peers.

Data: employment in Massachusetts from the US census, which NannyML's package has. Windows of the
reference year's rows raise false alarms; changed ones, and rows of later years, are to be found.
For each way of telling, the threshold is what 1 % of clean windows are above, so that all raise as
many false alarms: only then can one say who finds more.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.monitoring import ours
from benchmarks.monitoring.running import run
from benchmarks.monitoring.scenarios import CLEAN, REFERENCE, ROWS, Scenario, scenarios

FALSE = 0.01
"""The share of clean windows above the threshold."""


def measure(peers: str) -> None:
    """Prints a line for each scenario."""
    with tempfile.TemporaryDirectory() as folder:
        census = Path(folder) / "census.npz"
        run(peers, "census", census)
        print(f"reference {REFERENCE:,} rows, windows {ROWS:,}, found at {FALSE:.0%} false alarms")
        for scenario in scenarios(dict(np.load(census))):
            path = Path(folder) / "windows.npz"
            np.savez(path, reference=scenario.reference, windows=scenario.windows)
            scores = Path(folder) / "scores.npz"
            kind = "category" if scenario.category else "number"
            run(peers, kind, path, scores)
            found = {name: _found(values) for name, values in np.load(scores).items()}
            found = {"ours": _found(ours.scores(scenario)), **found}
            shown = "  ".join(f"{name} {share:.0%}" for name, share in found.items())
            print(f"{scenario.name:32} {shown}", flush=True)
            if scenario.name.startswith("age"):
                _false_alarms(scenario)


def _found(scores: np.ndarray) -> float:
    """The share of changed windows above what the clean ones are below."""
    return float((scores[CLEAN:] > np.quantile(scores[:CLEAN], 1 - FALSE)).mean())


def _false_alarms(scenario: Scenario) -> None:
    """Our own p-values at their nominal level, in the clean windows."""
    p_values = np.exp(-ours.scores(scenario)[:CLEAN])
    print(f"{'':32} clean windows with p < 0.05: {(p_values < 0.05).mean():.1%}")
