"""Files of the copies that are kept of what is elsewhere."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file whole, unless it has that content; its owner alone may read it.

    Raises:
        OSError: It cannot be written.
    """
    try:
        if path.read_bytes() == content:
            return
    except OSError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    partial.write_bytes(content)
    partial.chmod(0o600)
    partial.replace(path)
