"""Has TFX's cache use an artifact only if it holds what was written.

TFX itself sees whether an artifact's folder is there. The hash of what is in it is added to each
artifact when its node has written it, before it is published.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput
from tfx.types import Artifact, artifact_utils

from components import pusher
from components.content import artifact as artifact_content

damages: dict[str, str] = {}
"""What this process has found damaged, by the artifact's address."""

_exists = artifact_utils.verify_artifacts


def apply(*, thorough: bool = False) -> None:
    """Has TFX's cache compare contents, in this process from now on.

    Args:
        thorough: Whether to read files too that look untouched.
    """

    def verify(artifacts: dict[str, list[Artifact]] | list[Artifact] | Artifact) -> None:
        """Does what TFX's function does, and compares contents."""
        _exists(artifacts)
        for one in _each(artifacts):
            found = damage(one, thorough=thorough)
            if found:
                damages[one.uri] = found
                logging.warning("%s is damaged: %s", one.uri, found)
                raise RuntimeError(f"Artifact {one.uri} is damaged: {found}")

    artifact_utils.verify_artifacts = verify


def seal(output: ExecutorOutput) -> None:
    """Adds the hash of its content to each artifact that a node has written.

    Raises:
        OSError: A file cannot be read.
    """
    for made in output.output_artifacts.values():
        for one in made.artifacts:
            if "://" not in one.uri:
                value = artifact_content.seal(one.uri)
                one.custom_properties[artifact_content.HASH].string_value = value


def damage(one: Artifact, *, thorough: bool = False) -> str | None:
    """What of an artifact, or of what was pushed of it, is not as it was written.

    Args:
        one: The artifact, as ML Metadata has it; of one without a hash nothing is known.
        thorough: Whether to read files too that look untouched.

    Returns:
        A clause that begins with a file; None: nothing is damaged.
    """
    expected = one.get_string_custom_property(artifact_content.HASH)
    found = artifact_content.damage(one.uri, expected, thorough=thorough) if expected else None
    if found is None and one.get_string_custom_property("pushed_destination"):
        return pusher.damage(one.uri, one.get_string_custom_property("pushed_destination"))
    return found


def _each(artifacts: dict[str, list[Artifact]] | list[Artifact] | Artifact) -> Iterable[Artifact]:
    if isinstance(artifacts, Artifact):
        return [artifacts]
    if isinstance(artifacts, list):
        return artifacts
    return [one for several in artifacts.values() for one in several]
