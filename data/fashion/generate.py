"""Draws the sample: simple shapes of the ten classes, 28 x 28, in the place of Fashion-MNIST.

    python data/fashion/generate.py

It writes `train.parquet`, `eval.parquet` and `test.parquet` into `data/fashion/sample`, the same
images each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from models.fashion import dataset  # noqa: E402
from models.fashion.features import CLASSES  # noqa: E402

SEED = 7
ROWS = {"train": 2000, "eval": 250, "test": 500}
SIZE = 28
SHADES = 16
"""Of grey; few, as they take less room."""

Grid = tuple[np.ndarray, np.ndarray]


def main() -> None:
    """Writes the three tables."""
    folder = Path(__file__).parent / "sample"
    folder.mkdir(exist_ok=True)
    for name, (images, labels) in tables().items():
        dataset.write_table(images, labels, folder / f"{name}.parquet")


def tables() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each split images, [rows, 28, 28] from 0 to 255, and the numbers of their classes."""
    random = np.random.RandomState(SEED)
    found = {}
    for name, rows in ROWS.items():
        labels = random.permutation(np.arange(rows) % len(CLASSES))
        found[name] = np.stack([draw(label, random) for label in labels]), labels
    return found


def draw(label: int, random: np.random.RandomState) -> np.ndarray:
    """One image of a class, [28, 28], at a place and in a size, shade and pattern by chance."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(float)
    middle = (SIZE - 1) / 2
    wide, high = random.uniform(0.8, 1.1, 2)
    lean = random.uniform(-0.12, 0.12)
    # From -1 to 1 over the picture, moved, stretched and leant over.
    v = (y - middle - random.uniform(-1, 1)) / (middle * high)
    u = (x - middle - random.uniform(-1, 1)) / (middle * wide) + lean * v
    shape, dark = SHAPES[label]((u, v), random)
    shade = random.uniform(90, 230) * np.ones((SIZE, SIZE))
    if random.rand() < 0.4:  # Stripes.
        along = np.where(random.rand() < 0.5, u, v)
        shade *= 1 + 0.3 * np.sign(np.sin(along * random.uniform(8, 16)))
    shade *= 1 + 0.15 * random.standard_normal((SIZE, SIZE))
    shade[dark] *= 0.35
    # Some of it is hidden, as by a fold.
    shade[np.abs(u * random.uniform(-1, 1) + v - random.uniform(-1, 1)) < 0.05] *= 0.6
    step = 255 / (SHADES - 1)
    return np.where(shape, np.clip(np.round(shade / step), 1, SHADES - 1) * step, 0).astype(
        np.uint8
    )


def _box(grid: Grid, left: float, right: float, top: float, bottom: float) -> np.ndarray:
    u, v = grid
    return (u >= left) & (u <= right) & (v >= top) & (v <= bottom)


def _top(grid: Grid, sleeves: float, random: np.random.RandomState) -> np.ndarray:
    """A body with sleeves that reach down to `sleeves`."""
    u, v = grid
    body = _box(grid, -0.5, 0.5, -0.8, 0.8)
    neck = (np.abs(u) < 0.18) & (v < -0.8 + random.uniform(0.08, 0.3))
    slope = random.uniform(0.1, 0.3)
    arms = (np.abs(u) > 0.45) & (np.abs(u) < 0.6 + slope * (v + 0.8)) & (v > -0.8) & (v < sleeves)
    return (body & ~neck) | arms


def _nothing(grid: Grid) -> np.ndarray:
    return np.zeros_like(grid[0], dtype=bool)


def _shirt_like(
    grid: Grid, random: np.random.RandomState, sleeves: float, mark: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    return _top(grid, sleeves + random.uniform(-0.12, 0.12), random), mark


def _t_shirt(grid: Grid, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    return _shirt_like(grid, random, -0.25, _nothing(grid))


def _pullover(grid: Grid, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    return _shirt_like(grid, random, 0.65, np.abs(grid[1] - 0.75) < 0.06)


def _coat(grid: Grid, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    return _shirt_like(grid, random, 0.65, np.abs(grid[0]) < 0.06)


def _shirt(grid: Grid, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    buttons = (np.abs(grid[0]) < 0.08) & (np.sin(grid[1] * 14) > 0.3)
    return _shirt_like(grid, random, random.choice([-0.1, 0.6]), buttons)


def _trouser(grid: Grid, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    u, v = grid
    gap = np.abs(u) < random.uniform(0.02, 0.1) * (v + 0.6)
    return _box(grid, -0.4, 0.4, -0.9, 0.9) & ~((v > -0.5) & gap), _nothing(grid)


def _dress(grid: Grid, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    u, v = grid
    wide = np.where(v < -0.2, 0.25, 0.25 + random.uniform(0.15, 0.4) * (v + 0.2))
    return (np.abs(u) < wide) & (np.abs(v) < 0.9), _nothing(grid)


def _sandal(grid: Grid, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    u, v = grid
    sole = _box(grid, -0.85, 0.85, 0.35, 0.55)
    slopes = random.uniform(-0.9, 0.9, 3)
    straps = [np.abs(v + 0.05 - slope * u) < 0.07 for slope in slopes]
    return sole | (np.any(straps, axis=0) & _box(grid, -0.75, 0.7, -0.4, 0.4)), _nothing(grid)


def _sneaker(grid: Grid, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    u, v = grid
    height = random.uniform(-0.2, 0.0) + np.clip(u + 0.2, 0, 1) * -0.25 + 0.1
    return (np.abs(u) < 0.85) & (v > height) & (v < 0.55), np.abs(v - 0.42) < 0.06


def _bag(grid: Grid, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    u, v = grid
    top = random.uniform(-0.3, 0.0)
    ring = np.hypot(u, (v - top) * 0.9)
    handle = (ring > 0.4) & (ring < 0.52) & (v < top)
    return _box(grid, -0.8, 0.8, top, 0.7) | handle, np.abs(v - top - 0.15) < 0.05


def _boot(grid: Grid, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    shaft = _box(grid, 0.05, 0.7, random.uniform(-0.85, -0.5), 0.3)
    foot = _box(grid, -0.8, 0.7, random.uniform(0.0, 0.2), 0.65)
    return shaft | foot, np.abs(grid[1] - 0.58) < 0.06


SHAPES = (
    _t_shirt, _trouser, _pullover, _dress, _coat, _sandal, _shirt, _sneaker, _bag, _boot,
)  # fmt: skip

if __name__ == "__main__":
    main()
