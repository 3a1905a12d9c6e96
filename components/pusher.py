"""Pusher: TFX's own, but a version is in the serving folder whole or not at all.

TFX copies file by file into the very folder that servers watch, so that a push which is killed
leaves a part of a version; and it numbers each attempt anew, so that one which is killed between
copying and recording is pushed twice. And what is pushed is what was exported: both are compared
with the manifest that the export has with it.

A version has the reference profile of its model beside it, in `assets.extra/`. It is no part of the
model: where the same model is judged anew, the version gets the new profile in place of the old.
"""

from __future__ import annotations

import contextlib
import filecmp
import shutil
import time
from pathlib import Path
from typing import Any, ClassVar

from tfx import types
from tfx.components.pusher import executor
from tfx.dsl.components.base import base_component, executor_spec
from tfx.dsl.io import fileio
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_artifacts, standard_component_specs
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter
from tfx.types.experimental.simple_artifacts import File
from tfx.utils import io_utils, proto_utils

from components.profile import format
from models.common import progress
from models.common.errors import RunError, ServingError
from models.common.files import manifest

_PARTIAL = ".partial-"


PROFILE = f"{manifest.EXTRA}{format.FILE}"
"""Where a version's folder has its reference profile."""


class _Executor(executor.Executor):
    """Pushes a blessed model and its reference profile; how, each kind of folder says."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Pushes the model if both blessings allow it.

        Raises:
            ServingError: The model is not what was exported.
        """
        destination = pusher_pb2.PushDestination()
        given = exec_properties[standard_component_specs.PUSH_DESTINATION_KEY]
        proto_utils.json_to_proto(given, destination)
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.PUSHED_MODEL_KEY]
        )
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return
        model, profile = self.GetModelPath(input_dict), _profile(input_dict)
        folder = destination.filesystem.base_directory
        version = self._push(model, profile, folder, pushed.uri)
        self._MarkPushed(
            pushed, pushed_destination=version, pushed_version=version.rpartition("/")[2]
        )

    def _push(self, model: str, profile: bytes | None, folder: str, archive: str) -> str:
        """Copies the model to the folder and to the archive; the address of the version."""
        raise NotImplementedError


class Executor(_Executor):
    """Copies a blessed model under a name that no server looks at, then renames it."""

    def _push(self, model: str, profile: bytes | None, folder: str, archive: str) -> str:
        _copy_all(model, archive, profile)
        return str(push(Path(model), Path(folder), profile))


class BucketExecutor(_Executor):
    """Copies a blessed model to a bucket, where nothing can be renamed, as TFX's own does."""

    def _push(self, model: str, profile: bytes | None, folder: str, archive: str) -> str:
        version = f"{folder}/{int(time.time())}"
        if not fileio.exists(version):
            # What makes a version comes last.
            io_utils.copy_dir(model, version, deny_regex_patterns=[r"saved_model\.pb"])
            _write(version, profile)
            io_utils.copy_file(f"{model}/saved_model.pb", f"{version}/saved_model.pb")
        _copy_all(model, archive, profile)
        return version


def _copy_all(model: str, archive: str, profile: bytes | None) -> None:
    io_utils.copy_dir(model, archive)
    _write(archive, profile)


def _write(folder: str, profile: bytes | None) -> None:
    """Writes a profile into a folder that nobody reads yet, local or in a bucket."""
    if profile:
        fileio.makedirs(f"{folder}/{manifest.EXTRA}")
        with fileio.open(f"{folder}/{PROFILE}", "wb") as file:
            file.write(profile)


class PusherSpec(standard_component_specs.PusherSpec):
    """TFX's own, with the reference profile."""

    INPUTS: ClassVar[dict[str, ChannelParameter]] = {
        **standard_component_specs.PusherSpec.INPUTS,
        "profile": ChannelParameter(type=File, optional=True),
    }


class Pusher(base_component.BaseComponent):
    """Pushes a model that both blessings allow to be pushed."""

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: BaseChannel,
        model_blessing: BaseChannel,
        infra_blessing: BaseChannel,
        push_destination: pusher_pb2.PushDestination,
        profile: BaseChannel | None = None,
    ) -> None:
        """Describes the node.

        Args:
            model: The candidate.
            model_blessing: The Evaluator's blessing.
            infra_blessing: The serving check's.
            push_destination: The folder or bucket with a folder for each version.
            profile: The reference profile; None: versions have none.
        """
        super().__init__(
            self.SPEC_CLASS(
                model=model,
                model_blessing=model_blessing,
                infra_blessing=infra_blessing,
                push_destination=push_destination,
                custom_config="null",
                profile=profile,
                pushed_model=Channel(type=standard_artifacts.PushedModel),
            )
        )


class BucketPusher(Pusher):
    """The same for a bucket."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(BucketExecutor)


def _profile(inputs: dict[str, list[types.Artifact]]) -> bytes | None:
    """The reference profile; None where none could be made."""
    if not inputs.get("profile"):
        return None
    path = f"{artifact_utils.get_single_uri(inputs['profile'])}/{format.FILE}"
    if not fileio.exists(path):
        return None
    with fileio.open(path, "rb") as file:
        return bytes(file.read())


def push(model: Path, folder: Path, profile: bytes | None = None) -> Path:
    """Makes a model the latest version in a serving folder, unless it is so already.

    Args:
        model: A SavedModel.
        folder: The folder with a folder for each version; versions are times in seconds.
        profile: The model's reference profile; None: whatever the version has.

    Returns:
        The version's folder.

    Raises:
        ServingError: The model is not what was exported.
    """
    if found := manifest.damage(str(model)):
        raise _damaged(model, found)
    for partial in folder.glob(f"{_PARTIAL}*"):
        shutil.rmtree(partial)
    versions = (int(path.name) for path in folder.glob("*") if path.name.isdigit())
    latest = max(versions, default=0)
    if latest and _same(model, folder / str(latest)):
        progress.notify(progress.Pushing(str(folder / str(latest))))
        if profile:
            write_profile(folder / str(latest), profile)
        return folder / str(latest)
    version = folder / str(max(int(time.time()), _largest_known(folder) + 1))
    progress.notify(progress.Pushing(str(version)))
    copy(model, version, profile)
    return version


def _largest_known(folder: Path) -> int:
    """The largest version that there is, or was: what was said of one that is gone is kept.

    `<version>.json` is what the server's commands know of a version.
    """
    names = (path.name.removesuffix(".json") for path in folder.glob("*"))
    return max((int(name) for name in names if name.isdecimal() and name.isascii()), default=0)


def copy(model: Path, version: Path, profile: bytes | None = None) -> None:
    """Copies a model to where servers look, so that they see all of it or nothing.

    Args:
        model: A SavedModel, with or without a profile of its own.
        version: The folder to make.
        profile: The model's reference profile; None: what the model has.

    Raises:
        RunError: The folder cannot be written to, or has no room.
        ServingError: The copy is not what was exported.
    """
    partial = version.with_name(f"{_PARTIAL}{version.name}")
    try:
        if partial.exists():
            shutil.rmtree(partial)
        shutil.copytree(model, partial)
        if found := manifest.damage(str(partial)):
            raise _damaged(model, found)
        if profile:
            (partial / PROFILE).parent.mkdir(exist_ok=True)
            (partial / PROFILE).write_bytes(profile)
        partial.rename(version)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        raise RunError(
            f"The model cannot be copied to {version}",
            f"Received: {_reasons(error)}.",
            f"Make {version.parent} a folder that this user can write to, and free some space.",
        ) from error


def _reasons(error: OSError) -> str:
    """What the system says; shutil collects it file by file, as triples."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        told = [str(reason).partition("] ")[2] or str(reason) for *_, reason in error.args[0]]
        return "; ".join(dict.fromkeys(told))
    return error.strerror or str(error)


def write_profile(version: Path, profile: bytes) -> None:
    """Gives a version a reference profile, so that readers see the old one or the new.

    Raises:
        RunError: The file cannot be written.
    """
    file = version / PROFILE
    if file.is_file() and file.read_bytes() == profile:
        return
    partial = file.with_name(f"{_PARTIAL}{file.name}")
    try:
        file.parent.mkdir(exist_ok=True)
        partial.write_bytes(profile)
        partial.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):  # Where nothing can be written, nothing was.
            partial.unlink()
        raise RunError(
            f"{file} cannot be written",
            f"Received: {error.strerror or error}.",
            f"Make {file.parent} a folder that this user can write to, and free some space.",
        ) from error


def restore(archive: Path, version: Path) -> None:
    """Brings back what somebody has deleted of a pushed version that the cache speaks of.

    A version that is there keeps its model; its profile is the one that was pushed.

    Raises:
        RunError: The folder cannot be written to, or has no room.
        ServingError: The archive is damaged.
    """
    if not version.exists():
        copy(archive, version)
    elif (archive / PROFILE).is_file():
        write_profile(version, (archive / PROFILE).read_bytes())


def damage(archive: str, version: str) -> str | None:
    """What of a pushed version is not as it was pushed.

    Args:
        archive: The folder of what was pushed.
        version: The version's folder; one that somebody has deleted is not damaged.

    Returns:
        A clause that begins with the file; None: nothing.
    """
    if "://" in version or not Path(version).exists():
        return None
    name = "/".join(Path(version).parts[-3:])
    expected = manifest.read(archive)
    if expected is None:
        same = _same(Path(archive), Path(version))
        return None if same else f"{name} has other content than was pushed"
    if found := manifest.damage(version, expected):
        return f"{name}/{found}"
    # Servers compare with the version's own manifest, which so has to be there too.
    own = Path(version, manifest.PATH)
    if not own.is_file() or own.read_bytes() != Path(archive, manifest.PATH).read_bytes():
        return f"{name}/{manifest.PATH} has other content than was pushed"
    return None


def _damaged(model: Path, found: str) -> ServingError:
    return ServingError(
        "The exported model is damaged, so that it is not pushed",
        f"{model}: {found}.",
        "Run again: the cache does not use what is damaged, so the model is trained again.",
    )


def _same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files, but for profiles and halves of these."""
    not_compared = (PROFILE, f"{manifest.EXTRA}{_PARTIAL}{format.FILE}")
    files = [
        {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        - {Path(path) for path in not_compared}
        for folder in (one, other)
    ]
    return files[0] == files[1] and all(
        filecmp.cmp(one / path, other / path, shallow=False) for path in files[0]
    )
