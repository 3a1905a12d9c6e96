"""A scaffolded model beside trees and a plain network (a step of `tables.py`).

Runs in a copy of the project, after `pipeline run NAME`; prints JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score, mean_squared_error, roc_auc_score

MOST_CATEGORIES = 255
TEXT_COMPONENTS = 20
SPLITS = ("train", "eval", "test")
Splits = dict[str, pd.DataFrame]
Fitted = tuple[Callable[[pd.DataFrame], np.ndarray], float]


def read(model: str) -> tuple[Splits, Path]:
    """The raw rows of each split as the last run had them, and the model that it trained."""
    import tensorflow as tf

    root = Path("runs", model)
    last = max(root.glob("Trainer/model/*/Format-Serving"), key=lambda path: path.stat().st_mtime)
    splits = {}
    for split in SPLITS:
        files = root.glob(f"ExampleGen/examples/*/Split-{split}/*")
        rows = []
        for serialized in tf.data.TFRecordDataset(sorted(map(str, files)), "GZIP"):
            example = tf.train.Example.FromString(serialized.numpy())
            row = {}
            for name, feature in example.features.feature.items():
                values = getattr(feature, feature.WhichOneof("kind") or "float_list").value
                if values:
                    row[name] = values[0].decode() if isinstance(values[0], bytes) else values[0]
            rows.append(row)
        splits[split] = pd.DataFrame(rows)
    return splits, last


def scaffolded(model: str, path: Path, label: str) -> np.ndarray:
    """What the trained model answers to the test split, in the rows' order."""
    import tensorflow as tf

    from models.common.loaded_model import LoadedModel

    files = sorted(map(str, Path("runs", model).glob("ExampleGen/examples/*/Split-test/*")))
    rows = [one.numpy() for one in tf.data.TFRecordDataset(files, "GZIP")]
    with LoadedModel(str(path)) as loaded:
        answers = [
            loaded.call("serving_examples", {"inputs": np.array(rows[at : at + 1024], object)})
            for at in range(0, len(rows), 1024)
        ]
    return np.concatenate([next(iter(one.values())) for one in answers])


def columns_for_trees(model: str, splits: Splits) -> tuple[Splits, list[bool]]:
    """The model's own raw columns as trees take them, and which of them are categories."""
    features = importlib.import_module(f"models.{model}.features")
    found: dict[str, dict[str, Any]] = {split: {} for split in splits}
    categories = []
    of = {name: getattr(features, name, ()) for name in ("NUMBERS", "BOOLEANS", "CATEGORIES")}
    for name in (*of["NUMBERS"], *of["BOOLEANS"]):
        for split, rows in splits.items():
            found[split][name] = pd.to_numeric(_column(rows, name), errors="coerce")
    for columns in getattr(features, "VECTORS", {}).values():
        for name in columns:
            for split, rows in splits.items():
                found[split][name] = _column(rows, name).astype(float)
    for name, formats in getattr(features, "DATES", {}).items():
        for split, rows in splits.items():
            found[split].update(_date_parts(_column(rows, name), name, formats))
    for name in of["CATEGORIES"]:
        top = _column(splits["train"], name).astype(str).value_counts().index
        codes = {value: code for code, value in enumerate(top[: MOST_CATEGORIES - 1])}
        for split, rows in splits.items():
            values = _column(rows, name).astype(str).map(codes)
            found[split][name] = values.fillna(len(codes)).astype(float)
        categories.append(name)
    for name in getattr(features, "TEXTS", ()):
        texts = {split: _column(rows, name).fillna("") for split, rows in splits.items()}
        weights = TfidfVectorizer(min_df=5)
        reduced = TruncatedSVD(TEXT_COMPONENTS, random_state=0)
        reduced.fit(weights.fit_transform(texts["train"]))
        for split, values in texts.items():
            components = reduced.transform(weights.transform(values))
            for number in range(components.shape[1]):
                found[split][f"{name}/{number}"] = components[:, number]
    frames = {
        split: pd.DataFrame({name: np.asarray(values) for name, values in columns.items()})
        for split, columns in found.items()
    }
    return frames, [name in categories for name in frames["train"]]


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name] if name in rows else pd.Series(np.nan, rows.index, name=name)


def _date_parts(values: pd.Series, name: str, formats: tuple[str, ...]) -> dict[str, Any]:
    """The moment, the day of the year, the weekday and the hour, as the model's own columns have
    them."""
    moment = pd.Series(pd.NaT, values.index, dtype="datetime64[ns, UTC]")
    for text in formats:
        if text.startswith("epoch_"):
            unit = text.removeprefix("epoch_").upper() if text == "epoch_d" else text[6:]
            read = pd.to_datetime(pd.to_numeric(values, errors="coerce"), unit=unit, utc=True)
        else:
            written = values.astype("Int64") if values.dtype.kind in "if" else values
            texts = written.astype("string").str.strip()
            if text == "%H%M":
                texts = texts.str.zfill(4)
            read = pd.to_datetime(texts, format=text, errors="coerce", utc=True)
        moment = moment.fillna(read)
    return {
        f"{name}/moment": moment.astype("int64").where(moment.notna()).astype(float),
        f"{name}/day": moment.dt.dayofyear,
        f"{name}/weekday": moment.dt.weekday,
        f"{name}/hour": moment.dt.hour + moment.dt.minute / 60,
    }


def trees(
    frames: Splits, labels: dict[str, np.ndarray], task: str, categories: list[bool], **options: Any
) -> Fitted:
    """Fitted trees, and how good they are on the eval split."""
    kind = HistGradientBoostingRegressor if is_number(task) else HistGradientBoostingClassifier
    made = kind(categorical_features=categories, random_state=0, **options)
    target = np.log1p(labels["train"]) if task == "log" else labels["train"]
    made.fit(frames["train"], target)

    def answers(rows: pd.DataFrame) -> np.ndarray:
        if task == "binary":
            return made.predict_proba(rows)[:, 1]
        found = made.predict(rows)
        return np.expm1(found) if task == "log" else found

    return answers, score(task, labels["eval"], answers(frames["eval"]))


def tuned_trees(
    frames: Splits, labels: dict[str, np.ndarray], task: str, categories: list[bool], trials: int
) -> Fitted:
    """The best on the eval split of random draws of the usual hyperparameters, and the default."""
    random = np.random.default_rng(0)
    best = trees(frames, labels, task, categories)
    for _ in range(trials):
        drawn = trees(
            frames,
            labels,
            task,
            categories,
            learning_rate=float(10 ** random.uniform(-1.8, -0.6)),
            max_leaf_nodes=int(2 ** random.uniform(3, 7)),
            min_samples_leaf=int(2 ** random.uniform(2, 6)),
            l2_regularization=float(10 ** random.uniform(-3, 1)),
            max_iter=int(random.choice([100, 300, 600])),
        )
        better = drawn[1] < best[1] if is_number(task) else drawn[1] > best[1]
        best = drawn if better else best
    return best


def plain_network(
    frames: Splits, labels: dict[str, np.ndarray], task: str, categories: list[bool]
) -> np.ndarray:
    """What a network of two dense layers answers: numbers as z-scores, embedded categories."""
    import keras

    keras.utils.set_random_seed(0)
    flags = np.array(categories)
    train = frames["train"].to_numpy(float)
    mean, spread = np.nanmean(train[:, ~flags], 0), np.nanstd(train[:, ~flags], 0)

    def inputs(rows: pd.DataFrame) -> dict[str, np.ndarray]:
        values = rows.to_numpy(float)
        numbers = np.nan_to_num((values[:, ~flags] - mean) / np.where(spread > 0, spread, 1))
        codes = np.nan_to_num(values[:, flags])
        return {"numbers": numbers, "codes": codes + MOST_CATEGORIES * np.arange(flags.sum())}

    number = keras.Input([int((~flags).sum())], name="numbers")
    code = keras.Input([int(flags.sum())], name="codes")
    embedded = keras.layers.Embedding(MOST_CATEGORIES * int(flags.sum()) + 1, 4)(code)
    hidden = keras.layers.Concatenate()([number, keras.layers.Flatten()(embedded)])
    for _ in range(2):
        hidden = keras.layers.Dense(64, "relu")(hidden)
    target = np.log1p(labels["train"]) if task == "log" else labels["train"]
    classes = np.unique(target) if task == "multi-class" else None
    scale = (target.mean(), target.std()) if is_number(task) else (0.0, 1.0)
    if classes is not None:
        answer, loss = (
            keras.layers.Dense(len(classes), "softmax"),
            "sparse_categorical_crossentropy",
        )
    elif task == "binary":
        answer, loss = keras.layers.Dense(1, "sigmoid"), "binary_crossentropy"
    else:
        answer, loss = keras.layers.Dense(1), "mean_squared_error"
    model = keras.Model({"numbers": number, "codes": code}, answer(hidden))
    model.compile(keras.optimizers.Adam(2e-3), loss, jit_compile=False, steps_per_execution=32)

    def targets(split: str) -> np.ndarray:
        values = np.log1p(labels[split]) if task == "log" else labels[split]
        if classes is not None:
            return np.searchsorted(classes, values)
        return (values.astype(float) - scale[0]) / scale[1]

    model.fit(
        inputs(frames["train"]),
        targets("train"),
        batch_size=64,
        epochs=30,
        validation_data=(inputs(frames["eval"]), targets("eval")),
        callbacks=[keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)],
        verbose=0,
    )
    found = model.predict(inputs(frames["test"]), batch_size=1024, verbose=0)
    if classes is not None:
        return classes[found.argmax(axis=1)]
    plain = found[:, 0] * scale[1] + scale[0]
    return np.expm1(plain) if task == "log" else plain


def is_number(task: str) -> bool:
    """Whether a quantity is predicted, and less of the figure is better."""
    return task in ("regression", "log", "count")


def score(task: str, labels: np.ndarray, answers: np.ndarray) -> float:
    """AUC, accuracy, or root mean squared error: of log(1 + label) where networks learn that."""
    if task == "binary":
        return float(roc_auc_score(labels, answers))
    if task == "multi-class":
        return float(accuracy_score(labels, answers))
    if task == "log":
        labels, answers = np.log1p(labels), np.log1p(np.maximum(answers, 0))
    return float(mean_squared_error(labels, answers) ** 0.5)


def task_of(model: str) -> str:
    """What the scaffolded network learns, by its loss."""
    text = Path("models", model, "model.py").read_text(encoding="utf-8")
    tasks = {
        "sparse_categorical_crossentropy": "multi-class",
        "binary_crossentropy": "binary",
        "mean_squared_logarithmic_error": "log",
        "poisson": "count",
        "mean_squared_error": "regression",
    }
    return next(task for loss, task in tasks.items() if f'"{loss}"' in text)


def main() -> None:
    """Prints each rival's figure on the test split, and the seconds that fitting took."""
    model, label, trials = sys.argv[1], sys.argv[2], int(sys.argv[3])
    splits, path = read(model)
    splits = {split: rows[rows[label].notna()] for split, rows in splits.items()}
    task = task_of(model)
    frames, categories = columns_for_trees(model, splits)
    labels = {split: rows[label].to_numpy() for split, rows in splits.items()}
    if task == "binary":
        # The served number is the probability of the second class.
        names = class_names(model)
        ones = sorted(pd.unique(labels["train"]).tolist())[1] if not names else names[1]
        labels = {split: (values.astype(str) == str(ones)) * 1 for split, values in labels.items()}
    seconds = {}
    figures = {"rows": sum(map(len, labels.values())), "task": task}
    began = time.monotonic()
    answers = scaffolded(model, path, label)
    if task == "multi-class":
        names = np.array(class_names(model))
        figures["network"] = score(task, labels["test"].astype(str), names[answers.argmax(axis=1)])
    else:
        figures["network"] = score(task, labels["test"], answers[:, 0])
    rivals: dict[str, Callable[[], np.ndarray]] = {
        "trees": lambda: trees(frames, labels, task, categories)[0](frames["test"]),
        "tuned": lambda: tuned_trees(frames, labels, task, categories, trials)[0](frames["test"]),
        "plain": lambda: plain_network(frames, labels, task, categories),
    }
    for name, answered in rivals.items():
        began = time.monotonic()
        figures[name] = score(task, labels["test"], answered())
        seconds[name] = round(time.monotonic() - began, 1)
    print(json.dumps({**figures, "seconds": seconds}))


def class_names(model: str) -> list[str]:
    """The names of the label's classes; empty where it is a number."""
    found = max(
        Path("runs", model).glob("Trainer/**/training.json"), key=lambda file: file.stat().st_mtime
    )
    return list(json.loads(found.read_text(encoding="utf-8"))["classes"])


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main()
