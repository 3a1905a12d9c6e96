"""`model.py` and `search_space.py` for each task and each kind of column."""

from __future__ import annotations

import ast
import itertools

import pytest

from pipeline.scaffold.inference.task import TASKS, Task, TaskName
from pipeline.scaffold.writing import budget, files, model_text

BUDGET = budget.for_rows(1_000)


@pytest.mark.parametrize("name", TASKS)
def test_all_that_is_imported_is_used_and_what_is_used_is_there(name: TaskName) -> None:
    task = Task(name, ("y",), "", mean=2.0)
    for number in (1, 2, len(files.TUPLES)):
        for tuples in itertools.combinations(files.TUPLES, number):
            text = model_text.model("m", "y", task, tuples, BUDGET)
            tree = ast.parse(text)
            imported = {
                alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names
            } - {"annotations", "tensorflow_transform"}
            names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            assert imported <= names, (imported - names, tuples)
            constants = {
                target.id
                for node in tree.body
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            used = {one for one in names if one.isupper()}
            assert constants == used, tuples
            assert max(map(len, text.splitlines())) <= 100


def test_the_search_space_has_the_budgets_defaults() -> None:
    text = model_text.search_space(BUDGET, Task("binary", ("y",), ""))
    assert f"default={BUDGET.units}" in text and f"default={BUDGET.dropout}" in text
    ast.parse(text)
