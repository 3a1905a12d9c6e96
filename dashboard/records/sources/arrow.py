"""Arrow, made safe to read other people's files with; whoever imports it imports this too."""

from __future__ import annotations

import pyarrow

if tuple(map(int, pyarrow.__version__.split(".")[:3])) < (14, 0, 1):
    # Else a file runs code: these versions unpickle what it says of its types (CVE-2023-47248).
    import pyarrow_hotfix  # noqa: F401
