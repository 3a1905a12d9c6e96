"""Blocks of the design matrix."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.scaffold.inference.design import blocks
from tests.pipeline.scaffold import tables

TRAIN, TEST = np.arange(150), np.arange(150, 200)


def test_each_input_has_a_block_of_finite_numbers(tmp_path: Path) -> None:
    found = tables.proposal(tmp_path, tables.mixed(), "dear")
    made = blocks(found.table, found.choices)
    assert len(made) == len(found.inputs)
    for block in made:
        before, after = block(TRAIN, TEST)
        assert before.shape == (150, after.shape[1]) and after.shape[0] == 50
        assert np.isfinite(before.toarray()).all() and np.isfinite(after.toarray()).all()


def test_numbers_are_standardized_by_the_rows_to_learn_from(tmp_path: Path) -> None:
    columns = {"x": [0.5, 1.5, None, 99.0], "y": [0, 1, 0, 1]}
    found = tables.proposal(tmp_path, columns, "y")
    [block] = blocks(found.table, found.choices)
    before, after = block(np.array([0, 1, 2]), np.array([3]))
    np.testing.assert_allclose(before.toarray(), [[-1, 0], [1, 0], [0, 1]])
    np.testing.assert_allclose(after.toarray(), [[5, 0]])  # Cut off.
