"""Fetches a file: whole and with the right checksum, or not at all; what came already is kept."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.common.datasets.dataset import RemoteFile
from models.common.errors import RunError
from pipeline.record import disk

TIMEOUT = 30.0
"""Seconds without a byte after which a server counts as gone."""
_BLOCK = 1 << 16
_AGENT = "Mozilla/5.0 (compatible; tfx-production-pipeline)"
"""Some publishers refuse Python's own name."""

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there, and with those of the whole file where they are known."""


def fetch(
    file: RemoteFile, url: str, target: Path, progress: Progress, *, verified: bool = True
) -> bool:
    """Brings a file to its place.

    A download that was cut short is gone on with where the server can do that.

    Args:
        file: What is wanted; its checksum is what counts.
        url: Where it is fetched from: the publisher's address, or a mirror's.
        target: Its place; beside it a file that ends in `.part` is what came so far.
        progress: Told after each block.
        verified: Whether a file with another checksum is refused.

    Returns:
        Whether it was fetched; False where it was there.

    Raises:
        RunError: It cannot be fetched or written, or is another file.
    """
    if target.is_file() and (not verified or _mismatch(file, target) is None):
        return False
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        resumed = part.exists()
        _receive(url, part, progress)
        if resumed and verified and _mismatch(file, part):
            # What was left may have been of another file.
            part.unlink()
            _receive(url, part, progress)
        if verified and (received := _mismatch(file, part)):
            part.unlink()
            raise _another_file(file, url, received)
        part.replace(target)
    except OSError as error:  # Those of the network are told by `_receive`.
        raise disk.write_error(part, error) from error
    return True


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    return _digest(path, "sha256")


def _receive(url: str, part: Path, progress: Progress) -> None:
    """Adds to a file what it lacks of the one at an address."""
    there = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": _AGENT} | ({"Range": f"bytes={there}-"} if there else {})
    try:
        response = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers),
            timeout=TIMEOUT,
        )
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and there:
            part.unlink()  # It is as long as the whole file, or longer, and is not that file.
            return _receive(url, part, progress)
        raise _unreachable(url, part, f"The server answered {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise _unreachable(url, part, f"{type(error).__name__}: {reason}") from error
    with response:
        # A server that cannot go on sends the whole; a file of this machine is read as a whole.
        going_on = there and getattr(response, "status", None) == http.client.PARTIAL_CONTENT
        there = there if going_on else 0
        length = response.headers.get("Content-Length")
        whole = there + int(length) if length else None
        with part.open("ab" if going_on else "wb") as file:
            while block := _block(response, url, part):
                file.write(block)
                there += len(block)
                progress(there, whole)
    if whole is not None and there < whole:
        raise _unreachable(url, part, f"The connection ended after {there:,} of {whole:,} bytes")


def _block(response: Any, url: str, part: Path) -> bytes:
    try:
        return bytes(response.read(_BLOCK))
    except (OSError, http.client.HTTPException) as error:
        reason = f"The connection broke off: {type(error).__name__}: {error}"
        raise _unreachable(url, part, reason) from error


def _mismatch(file: RemoteFile, path: Path) -> str | None:
    """The checksum that a file has, where it is not the one that it should have."""
    name, expected = ("sha256", file.sha256) if file.sha256 else ("md5", file.md5)
    received = _digest(path, name)
    return None if received == expected else received


def _digest(path: Path, name: str) -> str:
    digest = hashlib.new(name, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _unreachable(url: str, part: Path, reason: str) -> RunError:
    there = part.stat().st_size if part.exists() else 0
    kept = f" {there:,} bytes of it are in {part}; the command goes on from there." if there else ""
    target = os.fspath(part).removesuffix(".part")
    return RunError(
        f"{url} could not be fetched",
        f"{reason}.{kept}",
        "Run the command again when the network is there. Or fetch the file elsewhere and put it "
        f"at {target}, or name a folder or a mirror that has it: --from DIR_OR_URL.",
    )


def _another_file(file: RemoteFile, url: str, received: str) -> RunError:
    expected = file.sha256 or file.md5
    return RunError(
        f"{url} is not the file that was expected",
        f"Expected: the checksum {expected}. Received: {received}. Nothing of it was kept.",
        "Run the command again; if it stays so, the publisher has changed the file. Read what "
        "changed, then correct the checksum in the model's dataset.py, or take the file as it is "
        "with --unverified.",
    )
