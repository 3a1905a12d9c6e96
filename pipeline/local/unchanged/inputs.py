"""What a run depends on, by content.

What the nodes of a pipeline depend on is for `pipeline.nodes` to say. Beside that counts whatever
could give a run another record: all of the project's own code, every installed package, Python.
Too much may stand here, which costs a run of the ordinary kind; never too little.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from components import code_hash
from components.content import files
from models.common.errors import ProjectError
from models.common.files import regular_file
from pipeline import nodes
from pipeline.config import model_files, project
from pipeline.config.model_config import ModelConfig
from pipeline.record import provenance

_CODE = ("pipeline", "components", "models/common")
"""The folders of the project's code that run a pipeline."""
_LOCK = "uv.lock"
_CONFIG = "config.yaml"


def of(model: str, config: ModelConfig, root: Path = project.ROOT) -> dict[str, str] | None:
    """All that a run of the model depends on, but for what earlier runs have left.

    Args:
        model: The model's name.
        config: Its configuration, with what is set for this run alone.
        root: The project's root.

    Returns:
        A text for each thing, the same for the same content; None where not all can be told from
        here: of data elsewhere, or where something is wrong, which a run tells.
    """
    batch = config.batch_prediction
    if model_files.is_remote(config.data) or (batch and model_files.is_remote(batch)):
        return None
    try:
        found = {
            "project": str(root),
            "python": f"{sys.version} {sys.prefix}",
            "packages": _sha256(provenance.packages()),
            "config": _sha256(config.model_dump_json()),
            "nodes": " ".join(nodes.of_model(model, config, root)),
            **_tables(config, root),
            **_files(model, config, root),
            **_other_models(model, root),
        }
        "".join(found).encode()  # A name that is not UTF-8 text no file could hold.
        return found
    except (ProjectError, OSError, ValueError):
        return None


def _tables(config: ModelConfig, root: Path) -> dict[str, str]:
    from components.tables import content_hash

    found = {"data": content_hash(model_files.table_source(config, root))}
    if config.batch_prediction:
        source = model_files.source_of(config.batch_prediction, root)
        found["batch_prediction"] = content_hash(source)
    return found


def _files(model: str, config: ModelConfig, root: Path) -> dict[str, str]:
    """Hashes of the files that nodes read or run, by path from the root."""
    specs = [nodes.SPECS[name] for name in nodes.of_model(model, config, root)]
    modules = dict.fromkeys(module for spec in specs for module in spec.imports_of(model))
    named = {
        root / file.format(model=model, data="", batch="")
        for spec in specs
        for file in spec.parameter_files.values()
    }
    paths = {
        *(root / path for path in code_hash.file_hashes(*modules, root=root)),
        *(path for path in named if path.is_file()),
        *(path for folder in (*_CODE, f"models/{model}") for path in _in_folder(root / folder)),
    }
    # What it says is compared, and not how it is written.
    paths.discard(project.model_folder(model, root) / _CONFIG)
    if (root / _LOCK).is_file():
        paths.add(root / _LOCK)
    return {str(path.relative_to(root)): files.sha256(str(path))[1] for path in sorted(paths)}


def _in_folder(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        paths = (Path(parent, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if path.is_file())


def _other_models(model: str, root: Path) -> dict[str, str]:
    """What other models serve under: no two may do so under the same name."""
    found = {}
    for other in project.model_names(root):
        content = regular_file.read(project.model_folder(other, root) / _CONFIG, 2**20)
        if other != model:
            found[f"model {other}"] = _sha256(content) if b"serving" in content else ""
    return found


def _sha256(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
