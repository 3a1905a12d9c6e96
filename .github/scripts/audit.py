"""Asks OSV, by `uv audit`, whether a locked package has a known hole that is not yet accepted.

Needs uv and a network. `.github/accepted_advisories.json` has those that are accepted, each with
its reason; `tests/delivery/test_audit.py` checks that what they speak of is still locked.

    python3 .github/scripts/audit.py
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ACCEPTED = Path(__file__).resolve().parent.parent / "accepted_advisories.json"


def main() -> int:
    """Prints what is found; the exit status is that of `uv audit`, not 0 where there is a hole."""
    accepted = json.loads(ACCEPTED.read_text(encoding="utf-8"))
    ignored = [f"--ignore={name}" for one in accepted for name in (one["id"], *one["aliases"])]
    return subprocess.run(["uv", "audit", "--locked", *ignored], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
