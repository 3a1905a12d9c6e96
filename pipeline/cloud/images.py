"""Names of container images, of which only those are taken that always name the same content."""

from __future__ import annotations

import re
from typing import Annotated

import pydantic

from pipeline.config.base import Text, refuse

RULE = "expected a digest (name@sha256:...) or a tag other than latest"
_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")
_TAG = re.compile(r"\S+/[^\s:@]+:([\w][\w.-]{0,127})")


def is_named_by_content(image: str) -> bool:
    """Whether a container image has a digest, or a tag that does not say to change."""
    tag = _TAG.fullmatch(image)
    return bool(_DIGEST.fullmatch(image)) or (tag is not None and tag[1] != "latest")


def check(image: str) -> str:
    """The image itself; a validator of pydantic's.

    Raises:
        PydanticCustomError: Its content may change under its name.
    """
    if not is_named_by_content(image):
        refuse(RULE)
    return image


Image = Annotated[Text, pydantic.AfterValidator(check)]
