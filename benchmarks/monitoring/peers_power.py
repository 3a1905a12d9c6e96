"""Run by the interpreter that has Evidently and NannyML: tables with a change, and their scores.

python peers_power.py tables|scores FOLDER
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

REFERENCE = 10_000
ROWS = 500
CLEAN = 20
"""Sequences without a change,"""
CHANGED = 10
"""and with one, of each kind."""
LOOKS = 10
"""Before a change, and after it."""


def tables(folder: str) -> None:
    """Writes `SET/clean.parquet` and `SET/CHANGE.parquet` for each set.

    The first one has the rows of the reference, then those of 20 sequences of 20 windows; the
    others have the rows of 10 sequences of 10 windows after the change.
    """
    for name, pool, changes in (_census(), _loans(), _quality(), _rbf(), _led(), _agrawal()):
        path = Path(folder) / name
        path.mkdir(parents=True)
        chance = np.random.default_rng(0)
        order = chance.permutation(len(pool))
        rest = order[REFERENCE:]
        drawn = chance.choice(rest, CLEAN * 2 * LOOKS * ROWS)
        clean = pool.iloc[np.concatenate([order[:REFERENCE], drawn])]
        clean.to_parquet(path / "clean.parquet", index=False)
        for change, rows in changes.items():
            if len(rows) != CHANGED * LOOKS * ROWS:
                rows = rows.iloc[chance.integers(0, len(rows), CHANGED * LOOKS * ROWS)]
            rows.to_parquet(path / f"{change}.parquet", index=False)


Set = tuple[str, pd.DataFrame, dict[str, pd.DataFrame]]


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers and text; what has few values is text; answers are `score`."""
    table = table.rename(columns={str(n): "score" for n in table if "proba" in str(n)})
    for column in table:
        number = pd.api.types.is_float_dtype(table[column]) and table[column].nunique() > 20
        if number or table[column].nunique() > 100:
            table[column] = table[column].astype(float)
        else:
            table[column] = table[column].map(str, na_action="ignore").astype(object)
    return table


def _together(parts: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Several tables with the same types."""
    table = _typed(pd.concat(parts, names=["part"]))
    return {name: table.loc[name].reset_index(drop=True) for name in parts}


def _census() -> Set:
    import nannyml

    reference, later, _ = nannyml.load_us_census_ma_employment_data()
    parts = {"2015": reference} | {str(year): rows for year, rows in later.groupby("year")}
    chosen = ["AGEP", "SCHL", "MAR", "RELP", "CIT", "MIG", "ESP", "SEX", "predicted_probability"]
    parts = _together({name: table[chosen] for name, table in parts.items()})
    pool = parts.pop("2015")
    return "census", pool, {f"rows of {year}": rows for year, rows in parts.items()}


def _car_loans(load: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    reference, later, _ = load()
    known = ["id", "repaid", "timestamp", "y_pred"]
    parts = _together(
        {"a": reference.drop(columns=known), "b": later.drop(columns=known, errors="ignore")}
    )
    # As many as are looked at, and they change in the middle: each look gets some of all of them.
    return parts["a"], parts["b"].sample(frac=1, random_state=0, ignore_index=True)


def _loans() -> Set:
    import nannyml

    pool, later = _car_loans(nannyml.load_synthetic_car_loan_dataset)
    chance = np.random.default_rng(1)
    tail = pool.copy()
    top = np.sort(pool["car_value"])[-len(pool) // 200 :]
    moved = chance.random(len(pool)) < 0.05
    tail.loc[moved, "car_value"] = chance.choice(top, moved.sum())
    changes = {"5 % in the highest 0.5 %": tail, "later rows": later}
    return "car loans", pool, changes


def _quality() -> Set:
    """The twin of the car loans, with missing and unseen values."""
    import nannyml

    pool, later = _car_loans(nannyml.load_synthetic_car_loan_data_quality_dataset)
    chance = np.random.default_rng(1)
    # Missing and new values alone, as later rows differ in others as well.
    few = pool.copy()
    for column in pool:
        more = later[column].isna().mean() - pool[column].isna().mean()
        if more > 0:
            few.loc[chance.random(len(pool)) < more / 3, column] = None
    new = pool.copy()
    new.loc[chance.random(len(pool)) < 0.01, "size_of_downpayment"] = "105%"
    return "twin", pool, {"later rows": later, "a third of its missing": few, "1 % unseen": new}


def _take(stream: Any, rows: int) -> pd.DataFrame:
    return pd.DataFrame([row for row, _ in stream.take(rows)]).rename(columns=lambda c: f"x{c}")


def _streams(make: Any, rows: int) -> pd.DataFrame:
    return pd.concat([_take(make(seed), rows) for seed in range(CHANGED)])


def _rbf() -> Set:
    from river.datasets import synth

    def moving(seed: int) -> Any:
        return synth.RandomRBFDrift(
            seed_model=1, seed_sample=10 + seed, n_classes=2, n_features=6, n_centroids=20,
            change_speed=1e-4, n_drift_centroids=20,
        )  # fmt: skip

    def other(seed: int) -> Any:
        return synth.ConceptDriftStream(
            synth.RandomRBF(seed_model=1, seed_sample=30 + seed, n_features=6, n_centroids=20),
            synth.RandomRBF(seed_model=2, seed_sample=50 + seed, n_features=6, n_centroids=20),
            position=LOOKS * ROWS // 2, width=LOOKS * ROWS // 2, seed=seed,
        )  # fmt: skip

    pool = synth.RandomRBF(seed_model=1, seed_sample=1, n_features=6, n_centroids=20)
    changes = {
        "centroids move": _streams(moving, LOOKS * ROWS),
        "others take over slowly": _streams(other, LOOKS * ROWS),
    }
    parts = _together({"pool": _take(pool, 50_000), **changes})
    return "random RBF", parts.pop("pool"), parts


def _led() -> Set:
    from river.datasets import synth

    pool = _take(synth.LED(seed=1, noise_percentage=0.1, irrelevant_features=True), 50_000)
    drift = synth.LEDDrift(
        seed=2, noise_percentage=0.1, irrelevant_features=True, n_drift_features=1
    )
    noise = synth.LED(seed=3, noise_percentage=0.2, irrelevant_features=True)
    changes = {"one feature swapped": _take(drift, 30_000), "more noise": _take(noise, 30_000)}
    # The seven segments, and three of the others.
    changes = {name: rows.iloc[:, :10] for name, rows in {"pool": pool, **changes}.items()}
    parts = _together(changes)
    return "LED", parts.pop("pool"), parts


def _agrawal() -> Set:
    from river.datasets import synth

    pool = _take(synth.Agrawal(seed=1), 50_000)
    noisy = _take(synth.Agrawal(seed=2, perturbation=0.1), 30_000)
    balanced = _take(synth.Agrawal(seed=3, classification_function=0, balance_classes=True), 30_000)
    parts = _together({"pool": pool, "perturbed": noisy, "classes balanced": balanced})
    return "Agrawal", parts.pop("pool"), parts


def scores(folder: str) -> None:
    """Writes `SET/NAME.npz` beside each table: by `method|column`, a score of each window."""
    for path in sorted(Path(folder).iterdir()):
        clean = pd.read_parquet(path / "clean.parquet")
        reference, windows = clean[:REFERENCE], clean[REFERENCE:]
        # Of each sequence, the looks that elsewhere follow a change.
        look = np.arange(len(windows)) // ROWS % (2 * LOOKS)
        named = {"clean": windows[look >= LOOKS]}
        for table in sorted(path.glob("*.parquet")):
            if table.stem != "clean":
                named[table.stem] = pd.read_parquet(table)
        together = pd.concat(named.values(), ignore_index=True)
        found = dict(_nannyml(reference, together)) | dict(_evidently(reference, together))
        at = 0
        for name, rows in named.items():
            end = at + len(rows) // ROWS
            np.savez(path / f"{name}.npz", **{key: all_[at:end] for key, all_ in found.items()})
            at = end


def _kinds(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    numbers = [name for name in table if table[name].dtype == float]
    return numbers, [name for name in table if name not in numbers]


def _nannyml(reference: pd.DataFrame, rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    import nannyml

    texts = _kinds(reference)[1]
    common: dict[str, Any] = {"column_names": list(reference), "chunk_size": ROWS}
    calculator = nannyml.UnivariateDriftCalculator(
        **common, treat_as_categorical=texts,
        continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "wasserstein", "hellinger"],
        categorical_methods=["jensen_shannon", "chi2", "l_infinity", "hellinger"],
    )  # fmt: skip
    shown = calculator.fit(reference).calculate(rows).filter(period="analysis").to_df()
    for column, method, part in shown.columns:
        if part == "value":
            yield f"nannyml {method}|{column}", shown[column, method, part].to_numpy(float)
    quality = {"missing": nannyml.MissingValuesCalculator(**common)}
    if texts:
        quality["unseen"] = nannyml.UnseenValuesCalculator(column_names=texts, chunk_size=ROWS)
    for name, each in quality.items():
        shown = each.fit(reference).calculate(rows).filter(period="analysis").to_df()
        for column in common["column_names"] if name == "missing" else texts:
            yield f"nannyml {name}|{column}", shown[column, "value"].to_numpy(float)
    several = nannyml.DataReconstructionDriftCalculator(**common).fit(reference).calculate(rows)
    shown = several.filter(period="analysis").to_df()
    error = shown["reconstruction_error", "value"].to_numpy(float)
    yield "nannyml reconstruction|all", error
    yield "nannyml reconstruction|less", -error


def _evidently(reference: pd.DataFrame, rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    from evidently.legacy.calculations import stattests
    from evidently.legacy.core import ColumnType

    numbers = _kinds(reference)[0]
    for column in reference:
        number = column in numbers
        tests = {
            "psi": stattests.psi_stat_test,
            "jensen-shannon": stattests.jensenshannon_stat_test,
        }
        if number:
            tests |= {"ks": stattests.ks_stat_test, "wasserstein": stattests.wasserstein_stat_test}
        else:
            tests |= {"chi2": stattests.chi_stat_test}
        kind = ColumnType.Numerical if number else ColumnType.Categorical
        old = reference[column].dropna()
        windows = [rows[column][at : at + ROWS].dropna() for at in range(0, len(rows), ROWS)]
        for name, test in tests.items():
            values = np.array([test(old, each, kind, 0.05).drift_score for each in windows])
            if name in ("ks", "chi2"):
                name, values = f"p-value {name}", -np.log(np.maximum(values, 1e-300))
            yield f"evidently {name}|{column}", values


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    {"tables": tables, "scores": scores}[sys.argv[1]](sys.argv[2])
