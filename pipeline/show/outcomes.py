"""The words of an outcome, for the terminal, the report and whoever else reads `outcomes.json`.

The dashboard has a copy of that file, and the report on pull requests reads it: all say the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("outcomes.json")


@dataclass(frozen=True)
class Outcome:
    """One way in which a run stands or ended."""

    label: str
    """One or two words for a list, such as `not blessed`."""
    tone: Literal["good", "bad", "warn", "active"]
    """What colour it has."""
    headline: str
    """A sentence without its full stop."""
    headline_in_node: str = ""
    """The same where a node is known; `{node}` is its name. Empty: the node changes nothing."""
    headline_after_push: str = ""
    """The same where the model was pushed before. Empty: that changes nothing."""
    former: tuple[str, ...] = ()
    """What records of earlier versions call the status."""

    def headline_of(self, node: str | None, *, pushed: bool = False) -> str:
        """The headline, with the node or the push, if they are known and matter."""
        if pushed and self.headline_after_push:
            return self.headline_after_push
        if not node or not self.headline_in_node:
            return self.headline
        return self.headline_in_node.replace("{node}", node)


OUTCOMES: dict[str, Outcome] = {
    status: Outcome(**words) for status, words in json.loads(FILE.read_bytes()).items()
}
"""By the record's status; `died` where it says running and its process is gone, `unreadable` where
there is no record that can be read."""
