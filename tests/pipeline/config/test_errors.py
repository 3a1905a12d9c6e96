"""What is wrong in a config is told by file, line, key, what was received and expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.common.errors import ConfigError
from pipeline.config.loading import load
from pipeline.config.model_config import ModelConfig
from tests.pipeline.config_files import GOOD, message, write


def test_problems_of_file_and_options_are_told_together(root: Path) -> None:
    write(root, GOOD + "beam: {args: x}")
    text = message(root, "splits.train=0", "tuning.mode=never")
    assert text.startswith("models/m/config.yaml has 3 problems\n")
    assert "\n--set splits.train: expected a number above 0." in text
    assert "\n--set tuning.mode: expected 'always', 'when_missing' or 'frozen'." in text
    assert "\nmodels/m/config.yaml:7: beam.args: expected a list." in text


def leaves() -> st.SearchStrategy[Any]:
    return st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


KEYS = st.sampled_from(["path", "name", "columns", "metrics", "slices", "AUC", "at_least", "args"])


SECTIONS = st.sampled_from(sorted(ModelConfig.model_fields))


GARBAGE = st.recursive(
    leaves(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | SECTIONS | st.text(max_size=4) | st.integers(), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tree=st.dictionaries(SECTIONS, GARBAGE, max_size=9) | GARBAGE, value=GARBAGE)
@example(tree={"label": {"name": {}, "columns": [[]]}}, value={})
def test_garbage_raises_nothing_but_config_errors(root: Path, tree: Any, value: Any) -> None:
    write(root, yaml.safe_dump(tree))
    dumped = yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip()
    setting = f"evaluation.metrics.AUC={dumped}"
    for overrides in ([], [setting]):
        try:
            load("m", overrides, root=root)
        except ConfigError as error:
            places = ["models/m/config.yaml"]
            if overrides:
                places += [f"--set {setting}", "The --set options have "]
            assert error.headline.startswith(tuple(places))
            assert error.detail and error.remedy
