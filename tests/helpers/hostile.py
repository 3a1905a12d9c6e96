"""How many hostile requests are sent: `HOSTILE_REQUESTS`, or a few hundred."""

import os

from hypothesis import HealthCheck, settings

COUNT = int(os.environ.get("HOSTILE_REQUESTS", "500"))
QUICKLY = settings(
    max_examples=COUNT // 2, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
