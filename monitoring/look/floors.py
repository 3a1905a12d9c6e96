"""From which effect a significant difference is an alarm.

With enough rows any difference is significant, also one that harms nothing. What is below its floor
is said to differ little.
"""

from __future__ import annotations

from monitoring.core.settings import Settings

STATISTICS = {"PSI": 0.1, "L-infinity": 0.05, "AUC": 0.6, "share": 0.02}
"""PSI: the industry's reading of what matters, after the part that chance has in it is taken off.
L-infinity: one of twenty rows has another value. AUC: of a served and a training row, the one that
is served is guessed three times in five. Share: one row in fifty."""
TESTS = {"unseen": 0.01, "out of range": 0.01, "wrong type": 0.01, "refused": 0.05}
"""Of shares: what a model was never trained on matters from one row in a hundred. Refused requests
were not answered wrongly, and a single client can send many of them."""


def matters_from(settings: Settings, test: str, statistic: str) -> float:
    """The floor of a comparison; by the settings for the test or the statistic, if they say so."""
    given = {str(key): floor for key, floor in settings.matters_from.items()}
    default = TESTS.get(test, STATISTICS[statistic]) if statistic == "share" else None
    return given.get(test, given.get(statistic, default or STATISTICS[statistic]))
