"""Windows of a table's rows, counted fast: each row's bin is looked up once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.window_summary import FeatureSummary, OutputSummary, WindowSummary
from tests.monitoring.sampled import NOW, profile

OUTPUT = "score"
"""The columns that begin so are answers."""


class Coded:
    """A table beside the profile of some of its rows.

    Args:
        table: Columns of numbers, or of text; those that begin with `score` are what the model
            answers. NaN and None are missing, of features.
        reference: The numbers of the rows that the profile is of.
    """

    def __init__(self, table: pd.DataFrame, reference: np.ndarray) -> None:
        self._size = len(table)
        columns = {name: table[name].to_numpy() for name in table}
        some = {name: values[reference] for name, values in columns.items()}
        self.profile: ReferenceProfile = profile(
            {name: values for name, values in some.items() if not name.startswith(OUTPUT)},
            {name: values for name, values in some.items() if name.startswith(OUTPUT)},
        )
        self._numbers: dict[str, tuple[np.ndarray, int, np.ndarray, np.ndarray]] = {}
        self._texts: dict[str, tuple[np.ndarray, list[str]]] = {}
        self._missing: dict[str, np.ndarray] = {}
        for name, values in columns.items():
            of = (self.profile.outputs if name in self.profile.outputs else self.profile.features)[
                name
            ]
            missing = pd.isna(values)
            if missing.any():
                self._missing[name] = missing
            if of.numbers is None:
                codes, texts = pd.factorize(values)  # Of a missing value the code is -1.
                self._texts[name] = codes + 1, ["", *map(str, texts)]
                continue
            assert of.numbers.minimum is not None and of.numbers.maximum is not None
            bins = np.searchsorted(np.array(of.numbers.edges), values)
            outside = values < of.numbers.minimum, values > of.numbers.maximum
            self._numbers[name] = (bins, len(of.numbers.counts), *outside)

    def window(self, rows: np.ndarray) -> WindowSummary:
        """The window of some rows, by their numbers."""
        size = len(rows)
        # Where they come several times, each is counted once, by how often that is.
        times = np.bincount(rows, minlength=self._size) if size > self._size else None

        def count(of: np.ndarray, bins: int) -> np.ndarray:
            found: np.ndarray = np.bincount(of if times is not None else of[rows], times, bins)
            return found.astype(np.int64)

        features, outputs = {}, {}
        missing = {name: int(count(of, 2)[1]) for name, of in self._missing.items()}
        for name, (bins, number, below, above) in self._numbers.items():
            # NaN is in the last bin.
            counted = count(bins, number)
            counted[-1] -= missing.get(name, 0)
            counts = {
                "rows": size,
                "missing": missing.get(name, 0),
                "bins": tuple(counted.tolist()),
                "below": int(count(below, 2)[1]),
                "above": int(count(above, 2)[1]),
            }
            if name in self.profile.outputs:
                outputs[name] = OutputSummary.model_validate(counts)
            else:
                features[name] = FeatureSummary.model_validate(counts)
        for name, (codes, texts) in self._texts.items():
            found = count(codes, len(texts)).tolist()
            known = self.profile.features[name].categories
            assert known is not None
            values = {t: n for t, n in zip(texts[1:], found[1:], strict=True) if n}
            unseen = {t: n for t, n in values.items() if t not in known.counts}
            features[name] = FeatureSummary(
                rows=size,
                missing=found[0],
                values={t: n for t, n in values.items() if t not in unseen},
                unseen=unseen,
                unseen_values=sum(unseen.values()),
            )
        return WindowSummary(
            model="taxi", version=1, first=NOW, last=NOW, requests=size, rows=size,
            features=features, outputs=outputs,
        )  # fmt: skip
