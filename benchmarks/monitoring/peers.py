"""Run by the interpreter that has Evidently and NannyML: their scores of each window.

python peers.py census OUT.npz | number|category WINDOWS.npz SCORES.npz
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS = ("AGEP", "SCHL", "RELP", "predicted_probability")


def census(out: str) -> None:
    """Columns of the reference year, and of the last year."""
    import nannyml

    reference, later, _ = nannyml.load_us_census_ma_employment_data()
    last = later[later["year"] == later["year"].max()]
    columns = {name: reference[name].to_numpy(float) for name in COLUMNS}
    np.savez(out, **columns, **{f"later_{name}": last[name].to_numpy(float) for name in COLUMNS})


def scores(kind: str, path: str, out: str) -> None:
    """For each way of telling, a score of each window; larger is farther from the reference."""
    import pandas as pd

    data = np.load(path)
    category = kind == "category"

    def series(values: np.ndarray) -> Any:
        found = pd.Series(values)
        if category:
            found = found.map(lambda code: None if code == -1 else f"c{int(code)}")
        return found

    reference = series(data["reference"])
    windows = [series(values) for values in data["windows"]]
    np.savez(
        out, **_nannyml(category, reference, windows), **_evidently(category, reference, windows)
    )


def _nannyml(category: bool, reference: Any, windows: list[Any]) -> dict[str, Any]:
    import nannyml
    import pandas as pd

    methods = (
        ["jensen_shannon", "chi2", "l_infinity", "hellinger"]
        if category
        else ["jensen_shannon", "kolmogorov_smirnov", "wasserstein", "hellinger"]
    )
    method_key = "categorical_methods" if category else "continuous_methods"
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=["x"], chunk_size=len(windows[0]), **{method_key: methods},
        treat_as_categorical=["x"] if category else [],
    )  # fmt: skip
    calculator.fit(pd.DataFrame({"x": reference}))
    found = calculator.calculate(pd.DataFrame({"x": pd.concat(windows, ignore_index=True)}))
    frame = found.filter(period="analysis").to_df()
    scores = {f"nannyml {m}": frame["x", m, "value"].to_numpy(float) for m in methods}
    missing = nannyml.MissingValuesCalculator(column_names=["x"], chunk_size=len(windows[0]))
    missing.fit(pd.DataFrame({"x": reference}))
    found = missing.calculate(pd.DataFrame({"x": pd.concat(windows, ignore_index=True)}))
    scores["nannyml missing"] = (
        found.filter(period="analysis").to_df()["x", "value"].to_numpy(float)
    )
    return scores


def _evidently(category: bool, reference: Any, windows: list[Any]) -> dict[str, Any]:
    from evidently.legacy.calculations import stattests
    from evidently.legacy.core import ColumnType

    column_type = ColumnType.Categorical if category else ColumnType.Numerical
    tests = (
        {"chi2": stattests.chi_stat_test, "psi": stattests.psi_stat_test}
        if category
        else {"ks": stattests.ks_stat_test, "psi": stattests.psi_stat_test,
              "wasserstein": stattests.wasserstein_stat_test}
    )  # fmt: skip
    found: dict[str, Any] = {}
    for name, test in tests.items():
        values = []
        for window in windows:
            value = test(reference.dropna(), window.dropna(), column_type, 0.05).drift_score
            values.append(-np.log(max(value, 1e-300)) if name in ("ks", "chi2") else value)
        found[f"evidently {name}"] = np.array(values)
    return found


def cost(peer: str, folder: str) -> None:
    """Compares rows with the reference by what a peer does by itself, and prints what it costs."""
    import time

    import evidently
    import nannyml
    import pandas as pd
    from evidently.presets import DataDriftPreset

    start = time.process_time()
    reference, rows = (
        pd.read_parquet(f"{folder}/{name}.parquet") for name in ("reference", "rows")
    )
    if peer == "nannyml":
        calculator = nannyml.UnivariateDriftCalculator(
            column_names=list(reference), chunk_number=10
        ).fit(reference)
        calculator.calculate(rows).to_df()
    else:
        evidently.Report([DataDriftPreset()]).run(rows, reference).dict()
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes()}))


def sets(folder: str) -> None:
    """Writes rows without a change: text, numbers, and answers as `score...`, without gaps."""
    import nannyml
    import pandas as pd
    from river.datasets import synth

    census = nannyml.load_us_census_ma_employment_data()[0]
    loans = nannyml.load_synthetic_car_loan_dataset()[0]
    classes = nannyml.load_synthetic_multiclass_classification_dataset()[0]
    found = {
        "census": census.drop(columns=["id", "employed", "year", "prediction"]),
        "car loans": loans.drop(columns=["id", "repaid", "timestamp", "y_pred"]),
        "classes": classes.drop(columns=["id", "timestamp", "y_pred", "y_true"]),
        "agrawal": pd.DataFrame(row for row, _ in synth.Agrawal(seed=1).take(50_000)),
        "rbf": pd.DataFrame(row for row, _ in synth.RandomRBF(seed_sample=1).take(50_000)),
    }
    for name, table in found.items():
        for column in table:
            number = pd.api.types.is_float_dtype(table[column]) or table[column].nunique() > 100
            table[column] = table[column].astype(float if number else str)
        answers = {one: f"score {one}" for one in table if "proba" in str(one)}
        table = table.rename(
            columns={**answers, **{one: str(one) for one in table if one not in answers}}
        )
        table.dropna().to_parquet(f"{folder}/{name}.parquet")


_CHUNK = 2_000


def harm(folder: str) -> None:
    """Scores and labels of the reference, scores of served chunks, and CBPE's estimates of them."""
    import nannyml

    census = nannyml.load_us_census_ma_employment_data()
    loans = nannyml.load_synthetic_car_loan_dataset()
    classes = nannyml.load_synthetic_multiclass_classification_dataset()
    _estimate(
        f"{folder}/census.npz", census, "employed", "prediction", "predicted_probability",
        ["roc_auc", "accuracy"],
    )  # fmt: skip
    _estimate(
        f"{folder}/loans.npz", loans, "repaid", "y_pred", "y_pred_proba", ["roc_auc", "accuracy"]
    )
    names = ("prepaid_card", "highstreet_card", "upmarket_card")
    scores = {name: f"y_pred_proba_{name}" for name in names}
    _estimate(f"{folder}/classes.npz", classes, "y_true", "y_pred", scores, ["accuracy"])


def _estimate(
    path: str, data: Any, label: str, answer: str, score: Any, metrics: list[str]
) -> None:
    """Writes what is known of a set: the reference, served rows, and their labels."""
    import nannyml

    reference, served, targets = data
    common: dict[str, Any] = {
        "metrics": metrics, "y_true": label, "y_pred": answer, "y_pred_proba": score,
        "problem_type": "classification_multiclass" if isinstance(score, dict)
        else "classification_binary", "chunk_size": _CHUNK,
    }  # fmt: skip
    served = served.drop(columns=label, errors="ignore").merge(targets[["id", label]], on="id")
    served = served.iloc[: len(served) // _CHUNK * _CHUNK]
    estimated = (
        nannyml.CBPE(**common).fit(reference).estimate(served).filter(period="analysis").to_df()
    )
    realized = (
        nannyml.PerformanceCalculator(**common).fit(reference).calculate(served)
    )  # fmt: skip
    whole, realized = (
        realized.filter(period="reference").to_df(),
        realized.filter(period="analysis").to_df(),
    )
    several = isinstance(score, dict)
    columns = list(score.values()) if several else [score]
    true = reference[answer] == reference[label] if several else reference[label] == 1
    found = {
        "classes": np.array(several),
        "metrics": np.array(json.dumps(metrics)),
        "reference": reference[columns].to_numpy(float).max(axis=1),
        "true": true.to_numpy(bool),
        "served": served[columns].to_numpy(float).max(axis=1).reshape(-1, _CHUNK),
    }
    for name in metrics:
        found[f"{name} truth"] = realized[name, "value"].to_numpy(float)
        found[f"{name} reference"] = np.array(whole[name, "value"].to_numpy(float).mean())
        found[f"{name} cbpe"] = estimated[name, "value"].to_numpy(float)
    np.savez(path, **found)


def peak_megabytes() -> float:
    """The most memory of this process since it began; what it was forked from does not count."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "census":
        census(sys.argv[2])
    elif sys.argv[1] == "cost":
        cost(*sys.argv[2:])
    elif sys.argv[1] == "harm":
        harm(sys.argv[2])
    elif sys.argv[1] == "sets":
        sets(sys.argv[2])
    else:
        scores(*sys.argv[1:])
