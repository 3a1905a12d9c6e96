"""`HandleReloadConfigRequest`: a client says which versions and labels are served.

The request takes the place of `models.config`, so that it holds after a restart too, and for every
server of the folder. Which folders are served stays with whoever runs the server.
"""

from __future__ import annotations

from typing import Any

from serving.core.errors import Code, ServingError
from serving.engine.versions import Served, Versions
from serving.model import models_config, version_folders
from serving.model.models_config import ServedModel


def reload(versions: Versions, config: Any) -> None:
    """Replaces the file and looks at it at once; what has to be loaded follows within seconds.

    Args:
        versions: What is served.
        config: A `ModelServerConfig`.

    Raises:
        ServingError: It cannot be followed; nothing has changed then.
    """
    if config.WhichOneof("config") != "model_config_list":
        raise _refused(
            "ServerModelConfig type not supported by HandleReloadConfigRequest. "
            "Only ModelConfigList is currently supported"
        )
    path = versions.root / models_config.FILE
    wanted = models_config.checked(config, path)
    with models_config.edit(path) as models:
        for model in wanted.values():
            _check(model, models.get(model.name, ServedModel(model.name)), versions)
        models.clear()
        models.update(wanted)
    versions.scan_everywhere()


def _check(model: ServedModel, present: ServedModel, versions: Versions) -> None:
    root, folder = versions.root, present.folder(versions.root)
    # A name can be a path, too.
    if model.folder(root) != folder or (not present.base_path and folder.parent != root):
        raise _refused(
            f"Model {model.name} cannot get the base_path {model.base_path}: it is served from "
            f"{present.base_path or models_config.MOUNT / model.name}"
        )
    found = version_folders.versions(folder)
    missing = sorted(set(model.versions) - set(found))
    if missing or not found:
        raise ServingError(
            Code.NOT_FOUND,
            f"There is no version {', '.join(map(str, missing)) or 'yet'} of model {model.name}; "
            f"there is: {', '.join(map(str, sorted(found))) or 'none'}",
        )
    available = versions.snapshot.get(model.name, Served()).versions
    for number in model.labels.values():
        if number not in available:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"Request to assign label to version {number} of model {model.name}, which is not "
                "currently available for inference",
            )


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
