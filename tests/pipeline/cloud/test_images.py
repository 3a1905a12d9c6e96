"""Names of images whose content may change."""

from __future__ import annotations

import pydantic
import pytest

from pipeline.cloud import images

IMAGES = [
    (f"registry.example.com/pipeline@sha256:{'0' * 64}", True),
    ("ghcr.io/me/pipeline:3f2c9a1b", True),
    ("localhost:5000/pipeline:1.2", True),
    ("ghcr.io/me/pipeline:latest", False),
    ("ghcr.io/me/pipeline", False),
    ("localhost:5000/pipeline", False),
    ("ghcr.io/me/pipeline@sha256:12", False),
    ("", False),
]


@pytest.mark.parametrize(("image", "good"), IMAGES)
def test_images_that_may_change_under_their_name(image: str, good: bool) -> None:
    assert images.is_named_by_content(image) == good
    adapter = pydantic.TypeAdapter(images.Image)
    if good:
        assert adapter.validate_python(image) == image
    else:
        with pytest.raises(pydantic.ValidationError):
            adapter.validate_python(image)
