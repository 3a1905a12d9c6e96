"""Run folders as the pipeline leaves them, made in milliseconds: for tests and the benchmark.

Everything is drawn from a random generator that is seeded with the run's number.
"""

from __future__ import annotations

import json
import math
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

NODES = {
    "ExampleGen": [],
    "StatisticsGen": ["ExampleGen"],
    "FrozenSchema": [],
    "ExampleValidator": ["StatisticsGen", "FrozenSchema"],
    "DataGate": ["StatisticsGen", "ExampleValidator"],
    "Transform": ["ExampleGen", "FrozenSchema", "DataGate"],
    "Tuner": ["ExampleGen", "Transform"],
    "Trainer": ["ExampleGen", "FrozenSchema", "Transform", "Tuner"],
    "Resolver": ["Trainer"],
    "Evaluator": ["ExampleGen", "FrozenSchema", "Trainer", "Resolver"],
    "ServingCheck": ["Trainer"],
    "ReferenceProfile": ["ExampleGen", "Transform", "Trainer", "Evaluator"],
    "Pusher": ["Trainer", "Evaluator", "ServingCheck", "ReferenceProfile"],
}
STATUSES = ("pushed", "not_blessed", "stopped", "failed", "interrupted", "running", "died")
LAST_NODE = {"stopped": "DataGate", "failed": "Trainer", "interrupted": "Trainer"}
START = datetime(2026, 11, 1, 9, 30, tzinfo=timezone.utc)
EPOCHS = 12
_SLICES = [
    "overall",
    *(f"payment_type={kind}" for kind in ("Cash", "Credit Card", "No Charge", "Unknown")),
    *(f"trip_start_day={day}" for day in range(1, 8)),
]


def make_runs(runs: Path, count: int) -> None:
    """So many run folders with no more than a `run.json`; one in 20 has notes as well."""
    for number in range(count):
        status = Random(number).choices(STATUSES[:5], (6, 2, 1, 2, 1))[0]
        content = record(number, status)
        folder = runs / content["id"]
        folder.mkdir(parents=True)
        _write(folder / "run.json", content)
        if number % 20 == 0:
            _write(folder / "notes.json", {"tags": ["candidate"], "note": "looks good"})


def make_run(runs: Path, number: int = 0, status: str = "pushed", **changes: Any) -> Path:
    """A run folder with every file that a run of this status has; `changes` go into `run.json`."""
    content = {**record(number, status), **changes}
    folder = runs / content["id"]
    folder.mkdir(parents=True)
    _write(folder / "run.json", content)
    _write(folder / "details.json", details(number, status, str(content["id"])))
    (folder / "tfx.log").write_text(_log(content), encoding="utf-8")
    for path in content["code"]["files"]:
        copy = folder / "code" / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(_code(path, number), encoding="utf-8")
    if status in ("pushed", "not_blessed"):
        report = f"<!doctype html><title>{content['id']}</title><h1>Report</h1>"
        (folder / "report.html").write_text(report, encoding="utf-8")
    _neptune(folder, content)
    return folder


def record(number: int, status: str, model: str = "") -> dict[str, Any]:
    """The content of a `run.json`."""
    random = Random(number)
    model = model or random.choice(("taxi", "taxi", "rents"))
    began = START + timedelta(minutes=37 * number)
    if status == "running":
        began = datetime.now(timezone.utc) - timedelta(seconds=95)
    seconds = random.uniform(60, 400)
    judged = status in ("pushed", "not_blessed")
    learning_rate = 10 ** random.uniform(-4, -2)
    version = int(began.timestamp())
    going = status in ("running", "died")
    content: dict[str, Any] = {
        "version": 1,
        "id": f"{model}-{began:%Y%m%d-%H%M%S}-{random.randrange(16**4):04x}",
        "model": model,
        "status": "running" if going else status,
        "started": began.isoformat(),
        "finished": None if going else (began + timedelta(seconds=seconds)).isoformat(),
        # No process of this number can be: it is above Linux' greatest.
        "process": {"running": os.getpid(), "died": 2**30}.get(status),
        "overrides": random.choice(([], ["training.epochs=12"], ["tuning.trials=4"])),
        "config": _config(model, random),
        "command": f"python -m pipeline run {model}",
        "code": {
            "commit": f"{random.getrandbits(160):040x}",
            "dirty": random.random() < 0.2,
            "files": {
                f"models/{model}/{name}.py": f"{random.getrandbits(256):064x}"
                for name in ("model", "preprocessing", "features")
            },
        },
        "data": {
            "path": f"data/{model}/*.csv",
            "hash": f"{Random(number // 9).getrandbits(256):064x}",
            "schema_hash": f"{Random(3).getrandbits(256):064x}",
            "columns": 18,
        },
        "environment": {"python": "3.10.13", "tensorflow": "2.16.2", "tfx": "1.16.0", "cpus": "2"},
        "nodes": _nodes(status, began, random),
        "rows": {"train": 11997, "eval": 1502, "test": 1503},
        "anomalies": _anomalies(status),
        "hyperparameters": {
            "learning_rate": learning_rate,
            "units": random.choice((16, 32, 64)),
            "dropout": round(random.uniform(0, 0.5), 2),
            "hidden_layers": random.choice(([64, 32], [128], [64, 64, 32])),
        },
        "trained": None,
        "metrics": _metrics(random, worse=0.05 if status == "not_blessed" else 0) if judged else [],
        "blessed": status == "pushed" if judged else None,
        "refusals": [],
        "pushed_version": version if status == "pushed" else None,
        "pushed_to": f"serving_models/{model}/{version}" if status == "pushed" else None,
        "failure": _failure(status),
    }
    if judged:
        content["trained"] = {"type": "Functional", "parameters": 7_153, "bytes": 1_240_112}
        content["refusals"] = _refusals(content["metrics"])
    return content


def details(number: int, status: str, run: str) -> dict[str, Any]:
    """The content of a `details.json`."""
    random = Random(number)
    judged = status in ("pushed", "not_blessed")
    trains = judged or status in ("running", "died", "interrupted")
    return {
        "version": 1,
        "run": run,
        "drift_from": None,
        "features": [_numeric("fare", random), _numeric("trip_miles", random), _category(random)],
        "trials": _trials(random) if status != "stopped" else [],
        "curves": _curves(random, EPOCHS if judged else 5) if trains else [],
        "plots": _plots(random) if judged else {},
    }


def _config(model: str, random: Random) -> dict[str, Any]:
    return {
        "data": {"path": f"data/{model}/*.csv", "format": "csv"},
        "label": {"name": "big_tipper", "columns": ["tips"]},
        "splits": {"train": 8, "eval": 1, "test": 1},
        "training": {"epochs": EPOCHS, "batch_size": random.choice((32, 64))},
        "tuning": {"mode": "when_missing", "trials": 4, "objective": "val_auc"},
        "evaluation": {
            "slices": [["payment_type"], ["trip_start_day"]],
            "metrics": {"AUC": {"at_least": 0.9}, "Calibration": {"at_least": 0.8}},
        },
    }


def _nodes(status: str, began: datetime, random: Random) -> list[dict[str, Any]]:
    last = LAST_NODE.get(status, "Trainer" if status in ("running", "died") else "")
    nodes = []
    over = False
    for name, upstream in NODES.items():
        seconds = round(random.uniform(0.2, 11 if status == "running" else 40), 1)
        state = "queued" if over else "cached" if random.random() < 0.2 else "done"
        if name == last:
            state = "running" if status in ("running", "died") else "failed"
            over = True
        nodes.append(
            {
                "name": name,
                "upstream": upstream,
                "status": state,
                "started": None if state == "queued" else began.isoformat(),
                "seconds": seconds if state in ("done", "failed") else None,
            }
        )
        began += timedelta(seconds=0 if state in ("queued", "cached") else seconds)
    return nodes


def _anomalies(status: str) -> list[dict[str, str]]:
    if status != "stopped":
        return []
    return [
        {
            "feature": "payment_type",
            "split": "train",
            "severity": "error",
            "headline": "Unexpected string values",
            "detail": "Expected one of Cash, Credit Card. Seen: Crypto (~3 %).",
        }
    ]


def _metrics(random: Random, worse: float) -> list[dict[str, Any]]:
    found = []
    quality = random.uniform(0, 0.03) + worse
    for name in _SLICES:
        less = quality + random.uniform(0, 0.02)
        overall = name == "overall"
        wide = 0.01 if overall else 0.04
        for metric, value, at_least in (
            ("AUC", 0.965 - less, 0.9 if overall else 0.85),
            ("BinaryAccuracy", 0.92 - less, 0.85 if overall else None),
            ("Calibration", 1.0 + less, 0.8 if overall else None),
            ("BinaryCrossEntropy", 0.24 + less, None),
            ("ExampleCount", 1503.0 if overall else float(random.randrange(90, 700)), None),
        ):
            undefined = metric == "AUC" and name == "payment_type=Unknown"
            share = metric in ("AUC", "BinaryAccuracy")
            found.append(
                {
                    "metric": metric,
                    "slice": name,
                    "value": None if undefined else value,
                    "at_least": at_least,
                    "at_most": 1.25 if metric == "Calibration" and overall else None,
                    "low": value - wide if share and not undefined else None,
                    "high": value + wide if share and not undefined else None,
                    "baseline": None if undefined else value - random.uniform(-0.01, 0.01),
                }
            )
    return found


def _refusals(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: one[key] for key in ("metric", "slice", "value")}
        | {"bound": f"at least {one['at_least']:g}"}
        for one in metrics
        if None not in (one["value"], one["at_least"]) and one["value"] < one["at_least"]
    ]


def _failure(status: str) -> dict[str, Any] | None:
    if status == "failed":
        return {
            "node": "Trainer",
            "headline": "models/taxi/model.py: build_model raised ValueError",
            "detail": "line 41, in build_model: the learning rate is -1.0",
            "remedy": "Correct build_model and run again.",
        }
    if status == "stopped":
        return {"node": "DataGate", "headline": "1 anomaly", "detail": "", "remedy": "Correct it."}
    return None


def _numeric(name: str, random: Random) -> dict[str, Any]:
    def split(rows: int) -> dict[str, Any]:
        counts = [rows * math.exp(-0.5 * k) * random.uniform(0.35, 0.45) for k in range(10)]
        buckets = [{"low": 5.0 * k, "high": 5.0 * k + 5, "count": c} for k, c in enumerate(counts)]
        return {
            "rows": rows,
            "missing": rows // 100,
            "mean": 9.8,
            "std": 7.1,
            "min": 0.0,
            "median": 7.2,
            "max": 50.0,
            "zeros": 12,
            "unique": None,
            "histogram": buckets,
            "quantiles": [],
            "top": [],
        }

    drift = {"measure": "PSI", "value": 0.021, "expected": 0.036}
    return {"name": name, "type": "float", "splits": _splits(split), "drift": drift}


def _category(random: Random) -> dict[str, Any]:
    def split(rows: int) -> dict[str, Any]:
        kinds = {"Cash": 0.58, "Credit Card": 0.38, "No Charge": 0.03, "Unknown": 0.01}
        return {
            "rows": rows,
            "missing": 0,
            "unique": len(kinds),
            "histogram": [],
            "quantiles": [],
            "top": [
                {"value": kind, "count": rows * share * random.uniform(0.9, 1.1)}
                for kind, share in kinds.items()
            ],
        }

    return {"name": "payment_type", "type": "string", "splits": _splits(split), "drift": None}


def _splits(split: Any) -> dict[str, Any]:
    return {"train": split(11997), "eval": split(1502), "test": split(1503)}


def _trials(random: Random) -> list[dict[str, Any]]:
    trials: list[dict[str, Any]] = [
        {
            "number": number,
            "hyperparameters": {
                "learning_rate": 10 ** random.uniform(-4, -2),
                "units": random.choice((16, 32, 64)),
            },
            "objective": "val_auc",
            "score": random.uniform(0.88, 0.95) if number != 3 else None,
            "seconds": random.uniform(4, 9),
            "best": False,
        }
        for number in range(1, 7)
    ]
    max(trials, key=lambda trial: trial["score"] or 0)["best"] = True
    return trials


def _curves(random: Random, epochs: int) -> list[dict[str, Any]]:
    rate = random.uniform(0.2, 0.5)

    def curve(metric: str, split: str, start: float, end: float) -> dict[str, Any]:
        values = [
            end + (start - end) * math.exp(-rate * epoch) + random.gauss(0, 0.004)
            for epoch in range(epochs)
        ]
        return {"metric": metric, "split": split, "values": values}

    return [
        curve("loss", "train", 0.62, 0.21),
        curve("loss", "eval", 0.55, 0.25),
        curve("auc", "train", 0.71, 0.97),
        curve("auc", "eval", 0.74, 0.955),
    ]


def _plots(random: Random) -> dict[str, Any]:
    roc = []
    for step in range(41):
        threshold = step / 40
        rate = (1 - threshold) ** 3
        roc.append(
            {
                "threshold": threshold,
                "false_positive_rate": rate,
                "true_positive_rate": rate**0.18,
                "precision": None if rate == 0 else 0.5 + threshold / 2,
            }
        )
    calibration = []
    for step in range(10):
        low = step / 10
        label = min(max(low + 0.05 + random.uniform(-0.05, 0.05), 0), 1)
        bin_ = {"low": low, "high": low + 0.1, "count": 150.0, "prediction": low + 0.05}
        calibration.append({**bin_, "label": label})
    confusion = {"classes": ["0", "1"], "counts": [[1040.0, 61.0], [88.0, 314.0]]}
    png = (  # One black pixel.
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
    )
    wrong = {"label": "1", "predicted": "0", "score": 0.9, "png": png}
    mistakes = {"column": "photo", "wrong": 149, "undrawn": 0, "rows": [wrong, wrong]}
    return {
        "roc": roc,
        "calibration": calibration,
        "residuals": [],
        "confusion": confusion,
        "mistakes": mistakes,
        "worst_rows": {"columns": 30, "rows": [_worst_row(number) for number in range(20)]},
    }


def _worst_row(number: int) -> dict[str, Any]:
    values = {f"column_{place}": f"{number * place / 7:.5g}" for place in range(16)}
    long = "A comment that goes on and on, as people's comments do at times, until it is cut …"
    return {
        "label": str(number % 2),
        "answer": str(1 - number % 2),
        "score": round(0.99 - number / 100, 4),
        "values": {**values, "comment": long, "company": "Flash Cab"},
    }


def _log(content: dict[str, Any]) -> str:
    lines = [f"INFO:absl:Component {node['name']} is running." for node in content["nodes"]]
    lines += [f"\x1b[32mEpoch {n}/12\x1b[0m\r188/188 - loss: 0.3{n}" for n in range(1, 4)]
    return "\n".join(lines) + "\n"


def _code(path: str, number: int) -> str:
    return (
        f'"""{path}"""\n\nimport keras\n\n\ndef build_model(units, learning_rate):\n'
        f"    inputs = keras.Input((18,))\n    hidden = keras.layers.Dense(units)(inputs)\n"
        f"    dropped = keras.layers.Dropout({0.1 * (number % 4):.1f})(hidden)\n"
        "    return keras.Model(inputs, keras.layers.Dense(1)(dropped))\n"
    )


def _neptune(folder: Path, content: dict[str, Any]) -> None:
    uploads = folder / ".neptune/offline/run__1/upload_path"
    uploads.mkdir(parents=True)
    (uploads / "model.py").write_text("import keras\n")
    operations: list[dict[str, Any]] = [
        {"type": "AssignString", "path": ["sys", "name"], "value": content["id"]},
        {"type": "AssignInt", "path": ["dataset", "rows", "train"], "value": 11997},
        {"type": "AssignBool", "path": ["run", "dirty"], "value": content["code"]["dirty"]},
        {"type": "AddStrings", "path": ["sys", "tags"], "values": ["nightly", content["model"]]},
        {"type": "UploadFile", "path": ["code", "model"], "ext": "py", "tmp_file_name": "model.py"},
    ]
    for epoch in range(EPOCHS):
        value = {"value": 0.6 * 0.8**epoch, "step": epoch, "ts": 1795261419.0 + epoch}
        operations.append({"type": "LogFloats", "path": ["train", "loss"], "values": [value]})
    lines = [
        json.dumps({"obj": operation, "version": version, "at": 1795261419.0})
        for version, operation in enumerate(operations, 1)
    ]
    (uploads.parent / "data-1.log").write_text("\n".join(lines) + "\n")


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


if __name__ == "__main__":
    import sys

    target = Path(sys.argv[1])
    for index, each in enumerate(STATUSES * 6):
        make_run(target, index, each)
