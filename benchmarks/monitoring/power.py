"""After how many looks a change is found, at the same share of false alarms as by the peers.

Sets: a year of the US census and each later one; car loans, 5 % of whose values move to the far
tail, and their twin with missing and unseen values; river's generators with a change at a known
row. A look is at 500 rows of all columns. Ten looks are at rows of the reference's data, then come
ten at changed ones, of 10 sequences for each change.

Of each way of telling, a look's score is that of the column that stands out most. The threshold is
what 2 % of clean looks are above, of those that have the same number in their sequence. So all have
the same share of false alarms. Each peer is shown twice: as one tool, with all of its methods
together, as all tests here are together; and as the one method that is, for each change, the best
in hindsight, which nobody knows before. Beside it is what `watch` does as it comes: it alarms where
a difference matters too, with its bound on false alarms over all looks. The classifiers of both are
left out, for the time that they take.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.monitoring.coded import Coded
from benchmarks.monitoring.peers_power import CHANGED, CLEAN, LOOKS, REFERENCE, ROWS
from benchmarks.monitoring.running import run
from monitoring.core.settings import Settings
from monitoring.look.comparison import Key
from monitoring.look.history import History, remember
from monitoring.look.judging import Candidate, is_alarm
from monitoring.look.looking import candidates
from monitoring.statistics.multiplicity import allowance
from monitoring.summary.window_summary import WindowSummary

FALSE = 0.02
"""The share of clean looks above the threshold."""
_PEERS = ("nannyml", "evidently")
_SETTINGS = Settings()


class Scores(NamedTuple):
    """Of looks, shape `(sequences, looks)`."""

    score: np.ndarray
    """How little chance explains what is seen."""
    alarm: np.ndarray
    """Whether `watch` raises an alarm."""


def measure(peers: str) -> None:
    """Prints a line for each change."""
    kept = os.environ.get("POWER_FOLDER")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(kept or name)
        if not kept:
            run(peers, "tables", folder, program="peers_power.py")
            run(peers, "scores", folder, program="peers_power.py")
        for path in sorted(folder.iterdir()):
            _set(path)


def _set(path: Path) -> None:
    clean = pd.read_parquet(path / "clean.parquet")
    changes = {
        table.stem: pd.read_parquet(table)
        for table in sorted(path.glob("*.parquet"))
        if table.stem != "clean"
    }
    coded = Coded(pd.concat([clean, *changes.values()], ignore_index=True), np.arange(REFERENCE))
    windows = [
        coded.window(np.arange(at, at + ROWS))
        for at in range(REFERENCE, len(clean) + sum(map(len, changes.values())), ROWS)
    ]
    before = [windows[2 * LOOKS * n :][: 2 * LOOKS] for n in range(CLEAN)]
    ours = _scores(coded, before)
    false = float(ours.alarm.any(axis=1).mean())
    print(f"{path.name}: alarm in {false:.0%} of {CLEAN} sequences without a change", flush=True)
    at = CLEAN * 2 * LOOKS
    of_clean = np.load(path / "clean.npz")
    for name in changes:
        after = [windows[at + LOOKS * n :][:LOOKS] for n in range(CHANGED)]
        at += CHANGED * LOOKS
        seen = _scores(coded, [a[:LOOKS] + b for a, b in zip(before, after, strict=False)])
        found = {"ours": _found(ours.score[:, LOOKS:], seen.score[:, LOOKS:])}
        found["watch"] = _first(seen.alarm[:, LOOKS:])
        for peer in _PEERS:
            methods = _methods(peer, of_clean, np.load(path / f"{name}.npz"))
            found[peer] = _together(methods)
            found[f"{peer}, best"] = min(_found(*each, by) for by, each in methods.items())
        shown = "  ".join(f"{who} {each}" for who, each in found.items())
        print(f"  {name:24} {shown}", flush=True)


def _scores(coded: Coded, sequences: Sequence[Sequence[WindowSummary]]) -> Scores:
    scores, alarms = [], []
    for windows in sequences:
        history = History()
        for window in windows:
            compared = list(candidates(coded.profile, window, None, history, None))
            scores.append(_score(compared))
            alarms.append(is_alarm(compared, _SETTINGS))
            history = remember(history, coded.profile, window, _SETTINGS)
    shape = len(sequences), -1
    return Scores(np.reshape(scores, shape), np.reshape(alarms, shape))


def _score(compared: Sequence[Candidate]) -> float:
    """The logarithm of 1 / p, of the surest comparison; corrected as `judge` does, but not cut.

    Nor for the number of the look: what all looks may err together is bounded by the threshold.
    """
    keys: dict[str, set[Key]] = defaultdict(set)
    surest: dict[str, float] = defaultdict(lambda: np.inf)
    for each in compared:
        key = each.comparison.key
        keys[key.subject].add(key)
        p_value = max(each.comparison.p_value, 1e-300) / allowance(each.windows, each.windows)
        surest[key.subject] = min(surest[key.subject], p_value)
    return -float(np.log(min(len(keys[subject]) * surest[subject] for subject in surest)))


class Delay(NamedTuple):
    """How many looks after a change it is found; one that is not is counted as the last but one."""

    looks: float
    found: float
    """The share of sequences in which it is found at all."""
    by: str = ""

    def __str__(self) -> str:
        by = f" by {self.by}" if self.by else ""
        return f"{self.looks:.1f} ({self.found:.0%}{by})"


def _first(above: np.ndarray, by: str = "") -> Delay:
    found = above.any(axis=1)
    looks = np.where(found, above.argmax(axis=1) + 1, LOOKS + 1)
    return Delay(float(looks.mean()), float(found.mean()), by)


def _found(clean: np.ndarray, changed: np.ndarray, by: str = "") -> Delay:
    return _first(changed > np.quantile(clean, 1 - FALSE), by)


def _methods(
    peer: str, clean: np.lib.npyio.NpzFile, changed: np.lib.npyio.NpzFile
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By each method of a peer the scores of clean and of changed looks."""
    columns = defaultdict(list)
    for key in clean.files:
        if key.startswith(peer):
            columns[key.split("|")[0]].append(key)
    found = {}
    for method, keys in columns.items():
        scores = [
            _most([data[key] for key in keys], [clean[key] for key in keys], "p-value" in method)
            for data in (clean, changed)
        ]
        a, b = (each.reshape(-1, LOOKS) for each in scores)
        found[method.removeprefix(f"{peer} ")] = a, b
    return found


def _together(methods: dict[str, tuple[np.ndarray, np.ndarray]]) -> Delay:
    """All methods, with one threshold: a look's score is that of the method most sure of it.

    How sure a method is, is the share of clean looks with such a score or a larger one; where that
    is the same, how many of their standard deviations it is away.
    """
    clean: list[np.ndarray] = []
    changed: list[np.ndarray] = []
    for usual, other in methods.values():
        ascending = np.sort(usual, axis=None)
        for scores, found in ((usual, clean), (other, changed)):
            above = len(ascending) - np.searchsorted(ascending, scores)
            away = (scores - ascending.mean()) / max(1e-12, float(ascending.std()))
            found.append(0.001 * np.clip(away, -100, 100) - np.log(np.maximum(0.5, above)))
    return _found(np.max(clean, axis=0), np.max(changed, axis=0))


def _most(
    values: Sequence[np.ndarray], clean: Sequence[np.ndarray], comparable: bool
) -> np.ndarray:
    """Of each window, the score of the column that stands out most from its clean windows."""
    if comparable:
        return np.nan_to_num(np.max(values, axis=0))
    scaled = [
        (each - np.nanmean(usual)) / max(1e-12, float(np.nanstd(usual)))
        for each, usual in zip(values, clean, strict=True)
    ]
    return np.nan_to_num(np.max(scaled, axis=0))
