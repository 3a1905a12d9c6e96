"""What a data set's description has to have."""

from __future__ import annotations

import pytest

from models.common.datasets.dataset import RemoteFile


def test_a_file_needs_a_checksum() -> None:
    with pytest.raises(ValueError, match=r"https://a/b\.gz has no checksum"):
        RemoteFile("https://a/b.gz")


def test_a_file_is_called_as_its_address_ends() -> None:
    assert RemoteFile("https://a/b/c.tar.gz", md5="0").name == "c.tar.gz"
