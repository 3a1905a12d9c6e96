"""The files of a model's folder that are data, and the table that its configuration names.

They are read here and nowhere else; `preflight` checks what they say. The libraries that read them
are imported when they are, as the command line looks for these files without reading them.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.bigquery import address as bigquery
from models.common.errors import ConfigError
from models.common.files import regular_file
from pipeline.config import project
from pipeline.config.model_config import Data, ModelConfig

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

    from components.tables import ColumnType, TableSource

SCHEMA = "schema.pbtxt"
"""A model folder's frozen schema."""
HYPERPARAMETERS = "hyperparameters.json"
"""A model folder's frozen hyperparameters."""

_LARGEST = 2**20
"""Bytes of hyperparameters."""

CODE = ("features", "preprocessing", "search_space", "model", "metrics")
"""The modules of a model's folder that nodes import; not every model has each."""


def code_modules(model: str) -> tuple[str, ...]:
    """The dotted names of the modules that a model may have."""
    return tuple(f"models.{model}.{module}" for module in CODE)


def schema_path(model: str, root: Path = project.ROOT) -> Path:
    """Where a model's frozen schema is, if it has one."""
    return project.model_folder(model, root) / SCHEMA


def hyperparameters_path(model: str, root: Path = project.ROOT) -> Path:
    """Where a model's frozen hyperparameters are, if it has any."""
    return project.model_folder(model, root) / HYPERPARAMETERS


def frozen_schema_text(model: str, root: Path = project.ROOT) -> str | None:
    """The text of the model's frozen schema; None where it has none."""
    path = schema_path(model, root)
    # A link to nowhere is no reason to go on without the schema that was meant.
    return regular_file.read(path).decode() if path.exists() or path.is_symlink() else None


def frozen_schema(model: str, root: Path = project.ROOT) -> schema_pb2.Schema | None:
    """The model's frozen schema; None where it has none.

    Raises:
        ConfigError: It is not readable.
    """
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    try:
        text = frozen_schema_text(model, root)
        schema = None if text is None else text_format.Parse(text, schema_pb2.Schema())
        if schema is not None:
            _check_features([feature.name for feature in schema.feature])
        return schema
    except (text_format.ParseError, ValueError, RecursionError, OSError) as error:
        raise ConfigError(
            f"{schema_path(model, root).relative_to(root)} is not a schema",
            "Expected: a Schema of tensorflow_metadata as text. Received: "
            f"{error.strerror if isinstance(error, OSError) else error}.",
            f"Correct it, or write it anew: python -m pipeline freeze-schema {model}.",
        ) from error


def _check_features(names: list[str]) -> None:
    """Raises a ValueError where a schema has no features, or one of them twice."""
    if not names:
        raise ValueError("no feature in it")
    seen = set[str]()
    for name in names:
        if name in seen:
            raise ValueError(f"the feature '{name}' twice")
        seen.add(name)


def column_types(model: str, root: Path = project.ROOT) -> dict[str, ColumnType]:
    """The columns' types by the model's frozen schema; nothing where it has none.

    Raises:
        ConfigError: The schema is not readable.
    """
    from tensorflow_metadata.proto.v0 import schema_pb2

    types: dict[int, ColumnType] = {
        schema_pb2.INT: "INT",
        schema_pb2.FLOAT: "FLOAT",
        schema_pb2.BYTES: "STRING",
    }
    schema = frozen_schema(model, root)
    features = schema.feature if schema else ()
    return {feature.name: types[feature.type] for feature in features if feature.type in types}


def frozen_hyperparameters(model: str, root: Path = project.ROOT) -> dict[str, Any] | None:
    """The model's frozen hyperparameters by name; None where it has none.

    Raises:
        ConfigError: The file is not readable, or holds something else.
    """
    path, name = hyperparameters_path(model, root), f"models/{model}/{HYPERPARAMETERS}"
    expected = "Expected: a mapping of hyperparameters."
    try:
        values = json.loads(regular_file.read(path, _LARGEST), object_pairs_hook=_each_once)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            return None
        raise ConfigError(
            f"{name} cannot be read",
            f"{expected} Received: {error.strerror}.",
            how_to_freeze_hyperparameters(model),
        ) from error
    except (ValueError, RecursionError) as error:
        place = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigError(
            f"{name}{place}: not valid JSON",
            f"{expected} Received: {error}.",
            how_to_freeze_hyperparameters(model),
        ) from error
    if not isinstance(values, dict):
        raise ConfigError(
            f"{name} is not a mapping",
            f"Expected: hyperparameters by name. Received: {json.dumps(values):.80}",
            how_to_freeze_hyperparameters(model),
        )
    return values


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"'{name}' stands twice")
    return dict(pairs)


def table_source(config: ModelConfig, root: Path | str = project.ROOT) -> TableSource:
    """The table that a configuration names, below the folder or bucket where it is relative.

    Raises:
        ConfigError: `~` stands for no folder.
    """
    splits = config.splits
    return dataclasses.replace(
        source_of(config.data, root),
        given=splits.given.model_dump() if splits.given else None,
        times=(splits.time.column,) if splits.time else (),
    )


def source_of(data: Data, root: Path | str = project.ROOT) -> TableSource:
    """The table that one section of a configuration names, whose splits are not given.

    Raises:
        ConfigError: `~` stands for no folder, or a query's file cannot be read.
    """
    from components.tables import TableSource
    from components.tables.spans import Spans

    if data.format == "bigquery":
        query = _query(data.path, root) if bigquery.is_query(data.path) else None
        return TableSource(data.path, data.format, missing=data.missing, query=query)
    path = _absolute(data.path)
    outside = "://" in path or path.startswith("/")
    return TableSource(
        path,
        data.format,
        data.delimiter,
        data.encoding,
        missing=data.missing,
        root="" if outside else str(root),
        spans=Spans(**data.spans.model_dump()),
    )


def is_remote(data: Data) -> bool:
    """Whether a table is in a bucket or in BigQuery."""
    return data.format == "bigquery" or "://" in _absolute(data.path)


def is_in_project(data: Data) -> bool:
    """Whether a table is in the project's folder, so that it can be had elsewhere too."""
    path = _absolute(data.path)
    if data.format == "bigquery":
        return False
    return "://" not in path and not path.startswith("/") and ".." not in path.split("/")


def _absolute(path: str) -> str:
    """The path without what a shell or a URI stands for this machine's files by."""
    path = path.removeprefix("file://")
    if "://" in path:
        return path
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    if path.startswith("~"):
        try:
            return str(Path(path).expanduser())
        except RuntimeError as error:
            raise ConfigError(
                f"data.path: {path} is in nobody's home",
                f"Received: {error}",
                "Write the path in full.",
            ) from error
    return path or "."


def _query(path: str, root: Path | str) -> str:
    """The query in a file of the project, wherever relative files of data are."""
    folder = project.ROOT if "://" in str(root) else Path(root)
    try:
        text = regular_file.read(folder / _absolute(path), _LARGEST).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}, which data.path names, cannot be read",
            "Expected: a query of BigQuery in a text file. Received: "
            f"{getattr(error, 'strerror', None) or error}.",
            "Write it, or correct data.path in the model's config.yaml.",
        ) from error
    if not text.strip():
        raise ConfigError(
            f"{path}, which data.path names, is empty",
            "Expected: a query of BigQuery. Received: nothing.",
            "Write one, such as SELECT * FROM `project.dataset.table`.",
        )
    return text


def how_to_freeze_hyperparameters(model: str) -> str:
    """The remedy where frozen hyperparameters are missing or not usable."""
    return (
        f"Let a run search and then write it: python -m pipeline run {model} --set "
        f"tuning.mode=always, and python -m pipeline freeze-hyperparameters {model}."
    )
