"""The recipes for labels and columns in docs/new-model.md, as they stand there."""

from __future__ import annotations

import datetime
import importlib
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.config import yaml_file
from pipeline.config.model_config import ModelConfig
from tests.helpers.paths import ROOT

PAGE = (ROOT / "docs" / "new-model.md").read_text(encoding="utf-8")


def blocks(section: str, language: str) -> list[str]:
    """The code of a section of the page."""
    text = PAGE.split(f"\n### {section}\n", 1)[1].split("\n### ", 1)[0].split("\n## ", 1)[0]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def headings() -> list[str]:
    part = PAGE.partition("\n## Labels\n")[2].partition("\n## Formats\n")[0]
    return re.findall(r"^### (.*)$", part, re.MULTILINE)


CONFIGS = [(name, text) for name in headings() for text in blocks(name, "yaml")]


@pytest.mark.parametrize(("name", "text"), CONFIGS)
def test_each_piece_of_a_config_is_one(name: str, text: str) -> None:
    given, _ = yaml_file.parse(text, "config.yaml")
    rest = {"label": "y", "evaluation": {"metrics": {"AUC": {"at_least": 0}}}}
    ModelConfig.model_validate({"data": {"path": "data/x"}, **rest, **given})


def test_what_one_looks_for_leads_to_a_section_that_is_there() -> None:
    part = PAGE.partition("\n## Recipes\n")[2].partition("\n## ")[0]
    anchors = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^##+ (.*)$", PAGE, re.MULTILINE)
    }
    linked = re.findall(r"\]\(#([\w-]+)\)", part)
    assert len(linked) > 15 and set(linked) <= anchors


def code_of(section: str) -> Any:
    """What the Python of a section defines."""
    import keras
    import tensorflow as tf
    import tensorflow_transform as tft

    names: dict[str, Any] = {"keras": keras, "tf": tf, "tft": tft}
    for text in blocks(section, "python"):
        exec(text, names)
    return names


@pytest.mark.tfx
@pytest.mark.slow
def test_dates_are_days_months_and_weekdays() -> None:
    import tensorflow as tf

    first = datetime.date(1899, 12, 1)
    dates = [first + datetime.timedelta(days=97 * number) for number in range(1000)]
    dates += [datetime.date(2000, 2, 29), datetime.date(2024, 2, 29), datetime.date(2100, 3, 1)]
    parts = code_of("Dates")["date_parts"](tf.constant([date.isoformat() for date in dates]))
    epoch = datetime.date(1970, 1, 1)
    assert parts["days"].numpy().tolist() == [(date - epoch).days for date in dates]
    assert parts["month"].numpy().tolist() == [date.month for date in dates]
    assert parts["weekday"].numpy().tolist() == [date.weekday() for date in dates]


@pytest.mark.tfx
@pytest.mark.slow
def test_ids_are_in_buckets() -> None:
    import tensorflow as tf

    ids = tf.constant(["01067", "1067", "", "01067"])
    found = code_of("Ids as text")["bucket"](ids).numpy()
    assert found[0] == found[3] != found[1]
    assert ((found >= 0) & (found < 1000)).all()


@pytest.mark.tfx
@pytest.mark.slow
def test_an_answer_has_the_scale_of_its_label() -> None:
    import keras

    rows = np.random.default_rng(0).normal(size=(512, 1)).astype("float32")
    rents = 1250 + 600 * rows
    entry = keras.Input((1,))
    model = keras.Model(entry, code_of("A number and its scale")["in_euros"](entry))
    model.compile(keras.optimizers.Adam(0.05), "mean_squared_error")
    model.fit(rows, rents, epochs=10, verbose=0)
    assert np.abs(model.predict(rows, verbose=0) - rents).mean() < 50


@pytest.mark.tfx
@pytest.mark.slow
def test_the_network_with_several_outputs_learns_what_the_config_says() -> None:
    import keras

    [text] = blocks("Several outputs", "yaml")
    label = yaml_file.parse(text, "config.yaml")[0]["label"]
    inputs = {"a": keras.Input((1,), name="a")}
    model = code_of("Several outputs")["build_model"]({}, inputs, None)
    assert {label["output"], *label["other_outputs"]} < set(model.output)
    ones = np.ones((8, 1))
    model.fit({"a": ones}, {"click": ones, "price": ones}, verbose=0)


@pytest.mark.tfx
@pytest.mark.slow
def test_texts_are_bags_of_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

    # A module, as Beam imports it too.
    [text] = blocks("Text", "python")
    head = "import tensorflow as tf\nimport tensorflow_transform as tft\n"
    end = "def preprocessing_fn(inputs):\n    return {'bag': bag_of_words(inputs['t'], 't', 2)}\n"
    (tmp_path / "text_of_the_page.py").write_text(f"{head}\n{text}\n{end}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "text_of_the_page", raising=False)
    preprocessing_fn = importlib.import_module("text_of_the_page").preprocessing_fn

    spec = {"t": tf.io.FixedLenFeature([], tf.string)}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    data = [{"t": text} for text in ("Über-Größe!", "über, über\nalles; größe", "", "neu")]
    with tft_beam.Context(temp_dir=str(tmp_path)):
        (found, _), _ = (data, metadata) | tft_beam.AnalyzeAndTransformDataset(preprocessing_fn)
    assert [row["bag"].tolist() for row in found] == [[1, 1, 0], [1, 1, 1], [0, 0, 0], [0, 0, 1]]
