"""Runs TFX's template in the working directory and writes each node's seconds.

python nodes_of_template.py OUT.json
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from pathlib import Path

sys.path[0] = ""

from tfx.orchestration.portable import launcher  # noqa: E402

seconds: dict[str, float] = {}
launch = launcher.Launcher.launch


def timed(self: launcher.Launcher) -> object:
    """As TFX launches a node."""
    before = time.monotonic()
    done = launch(self)
    seconds[self._pipeline_node.node_info.id] = time.monotonic() - before
    return done


launcher.Launcher.launch = timed
runpy.run_path("local_runner.py", run_name="__main__")
Path(sys.argv[1]).write_text(json.dumps(seconds))
