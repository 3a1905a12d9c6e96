"""What the watcher reads and looks with."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("monitoring.log.windows")
pytest.importorskip("monitoring.look.looking")

from monitoring.core.errors import MonitoringError
from monitoring.watch.sources import pushed_profiles


def test_a_version_without_a_profile_is_told_with_its_file(tmp_path: Path) -> None:
    profile = pushed_profiles(tmp_path, "taxi")
    with pytest.raises(MonitoringError, match=r"taxi/3/assets.extra/reference_profile.json"):
        profile(3)
