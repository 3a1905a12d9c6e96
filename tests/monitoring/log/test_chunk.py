"""What became of requests."""

from __future__ import annotations

import numpy as np

from monitoring.log.chunk import ANSWERED, FAILED, NO_VERSION, OTHER, REFUSED, outcomes


def test_outcomes() -> None:
    statuses = np.array([200, 200, 400, 404, 429, 500, 503, 302])
    versions = np.array([1, NO_VERSION, NO_VERSION, 1, 1, 1, NO_VERSION, 1])
    expected = [ANSWERED, OTHER, REFUSED, REFUSED, OTHER, FAILED, FAILED, OTHER]
    assert outcomes(statuses, versions).tolist() == expected
