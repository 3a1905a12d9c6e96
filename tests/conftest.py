"""Settings for every test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A busy machine makes any test slow now and then; what is too slow altogether, pytest-timeout ends.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# At the desk every run tries other examples; continuous integration tries more of them at once.
settings.register_profile("quick", settings.get_profile("unhurried"), max_examples=40)
settings.load_profile("unhurried" if os.environ.get("CI") else "quick")
