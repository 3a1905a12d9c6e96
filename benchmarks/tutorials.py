"""The tutorials' models on their real data, each beside named alternatives on the same rows.

    python benchmarks/tutorials.py [--fashion DIR] [--movielens FILE] [--salary FILE] [--seeds N]

DIR has Fashion-MNIST's four IDX files or a part of them, FILE is MovieLens' ratings with the header
`user,item,rating,timestamp` (or `|` between), or the table of salaries. Each model is trained,
judged and pushed by the pipeline, as its config.yaml says, the first two once for each seed. The
alternatives learn from the same train split and are asked the same test split.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import tensorflow as tf

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
COPIED = ("pipeline", "components", "models", "data", "pyproject.toml", ".python-version")
Columns = dict[str, np.ndarray]


def main() -> None:
    """Runs what data is given for, and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("fashion", "movielens", "salary"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        project.mkdir()
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, project / name)
        if options.fashion:
            fashion(project, options.fashion, options.seeds)
        if options.movielens:
            movielens(project, options.movielens, options.seeds)
        if options.salary:
            salary(project, options.salary)


def fashion(project: Path, folder: Path, seeds: int) -> None:
    """Accuracy beside a linear model and gradient boosting on the pixels."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    from models.fashion import dataset

    tables = project / "data" / "fashion" / "full"
    tables.mkdir()
    dataset.write_tables(folder, tables)
    show(project, "fashion", tables, "SparseCategoricalAccuracy", seeds)
    # The alternatives stop early on nothing, so they learn from the eval split too.
    train = [rows(project, "fashion", split) for split in ("train", "eval")]
    images, labels = (np.concatenate([part[name] for part in train]) for name in ("image", "label"))
    test = rows(project, "fashion", "test")
    for model in (LogisticRegression(max_iter=200), HistGradientBoostingClassifier(random_state=0)):
        accuracy = model.fit(images / 255, labels).score(test["image"] / 255, test["label"])
        print(f"           {type(model).__name__} {accuracy:.4f}", flush=True)


def movielens(project: Path, file: Path, seeds: int) -> None:
    """RMSE beside means and matrix factorisation."""
    delimiter = "|" if "|" in file.open(encoding="utf-8").readline() else ","
    delimited = f"data.delimiter='{delimiter}'"
    show(project, "movielens", file, "RootMeanSquaredError", seeds, delimited)
    train, test = (rows(project, "movielens", split) for split in ("train", "test"))
    evaluation = rows(project, "movielens", "eval")
    for name in ("user", "item"):
        print(f"           mean of the {name} {rmse(means(train, test, name), test):.4f}")
    for l2 in (0.02, 0.05, 0.1):
        found = []
        for seed in range(seeds):
            # How long to learn, the eval split says: the same for both.
            by_epoch = factorised(train, (evaluation, test), l2, seed)
            found.append(min((rmse(one, evaluation), rmse(two, test)) for one, two in by_epoch)[1])
        print(f"           matrix factorisation, 20 factors, l2 {l2}: {stated(found)}", flush=True)


def salary(project: Path, file: Path) -> None:
    """Slope and intercept beside least squares."""
    run(project, "salary", file)
    train = rows(project, "salary", "train")
    slope, intercept = np.polyfit(train["x"], train["y"], 1)
    [version] = [
        path for path in (project / "serving_models" / "salary").iterdir() if path.is_dir()
    ]
    signature = tf.saved_model.load(str(version)).signatures["serving_default"]
    at_0, at_10 = signature(x=tf.constant([0.0, 10.0]))["outputs"].numpy().ravel()
    print(f"salary     slope {(at_10 - at_0) / 10:.3f}, least squares {slope:.3f}")
    print(f"           intercept {at_0:.2f}, least squares {intercept:.2f}")


def show(project: Path, model: str, data: Path, metric: str, seeds: int, *overrides: str) -> None:
    """Trains a model once for each seed, and prints a metric of the test split."""
    found = [
        run(project, model, data, f"training.seed={seed}", *overrides)[metric]
        for seed in range(seeds)
    ]
    print(f"{model:10} {metric} {stated(found)}", flush=True)


def stated(found: list[float]) -> str:
    """The mean of the seeds, and each."""
    return f"{np.mean(found):.4f} ({', '.join(f'{one:.4f}' for one in found)})"


def run(project: Path, model: str, data: Path, *overrides: str) -> dict[str, float]:
    """Runs a model's pipeline, bounds or not; the metrics of the whole test split."""
    settings = [f"--set=data.path={data.absolute()}", *(f"--set={one}" for one in overrides)]
    command = [sys.executable, "-m", "pipeline", "run", model, *settings]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        sys.exit(done.stdout + done.stderr)
    record = max((project / "runs").glob(f"{model}-*/run.json"))
    metrics = json.loads(record.read_text(encoding="utf-8"))["metrics"]
    return {one["metric"]: one["value"] for one in metrics if not one["features"]}


def rows(project: Path, model: str, split: str) -> Columns:
    """The rows of a split of the latest run, by column."""
    examples = project / "runs" / model / "ExampleGen" / "examples"
    folder = max(examples.glob(f"*/Split-{split}"), key=lambda path: int(path.parent.name))
    columns: dict[str, list[object]] = defaultdict(list)
    files = [str(path) for path in folder.iterdir()]
    for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
        for name, feature in tf.train.Example.FromString(record).features.feature.items():
            values = list(getattr(feature, feature.WhichOneof("kind")).value)
            columns[name].append(values[0] if len(values) == 1 else values)
    return {name: np.array(values) for name, values in columns.items()}


def rmse(predicted: np.ndarray, table: Columns) -> float:
    """The root mean squared error of ratings."""
    return float(np.sqrt(np.mean((predicted - table["rating"]) ** 2)))


def means(train: Columns, test: Columns, name: str) -> np.ndarray:
    """The mean rating of each user or film; of those that training has not, that of all."""
    found = {
        one: train["rating"][train[name] == one].mean() for one in np.unique(train[name]).tolist()
    }
    return np.array([found.get(one, train["rating"].mean()) for one in test[name].tolist()])


def factorised(
    train: Columns,
    others: tuple[Columns, ...],
    l2: float,
    seed: int,
    factors: int = 20,
    epochs: int = 20,
) -> list[list[np.ndarray]]:
    """Ratings by matrix factorisation with biases (Koren et al., 2009), after each epoch.

    Stochastic gradient descent with a rate of 0.01; what training does not have has biases and
    factors of 0.
    """
    random = np.random.default_rng(seed)
    number = {
        name: {one: place for place, one in enumerate(np.unique(train[name]).tolist(), start=1)}
        for name in ("user", "item")
    }

    def places(table: Columns) -> list[np.ndarray]:
        return [np.array([number[n].get(x, 0) for x in table[n].tolist()]) for n in number]

    sizes = [len(number[name]) + 1 for name in number]
    vectors = [random.normal(0, 0.1, (size, factors)) for size in sizes]
    biases = [np.zeros(size) for size in sizes]
    vectors[0][0] = vectors[1][0] = 0
    mean = train["rating"].mean()

    def predict(at: list[np.ndarray]) -> np.ndarray:
        together = (vectors[0][at[0]] * vectors[1][at[1]]).sum(axis=1)
        return mean + biases[0][at[0]] + biases[1][at[1]] + together

    of_train, found = places(train), []
    for _ in range(epochs):
        order = random.permutation(len(train["rating"]))
        for batch in np.array_split(order, max(1, len(order) // 64)):
            at = [one[batch] for one in of_train]
            off = train["rating"][batch] - predict(at)
            here = [vectors[side][at[side]] for side in (0, 1)]
            for side in (0, 1):
                step = off - l2 * biases[side][at[side]]
                np.add.at(biases[side], at[side], 0.01 * step)
                step = off[:, None] * here[1 - side] - l2 * here[side]
                np.add.at(vectors[side], at[side], 0.01 * step)
        found.append([np.clip(predict(places(other)), 0, 5) for other in others])
    return found


if __name__ == "__main__":
    main()
