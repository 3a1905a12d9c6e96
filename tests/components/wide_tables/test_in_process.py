"""Steps of Beam share memory only where there is one worker, in this process."""

from __future__ import annotations

import pytest

from components.wide_tables.in_process import runs_in_process

pytestmark = pytest.mark.tfx


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], True),
        (["--direct_num_workers=1"], True),
        (["--runner=DirectRunner", "--job_name=a"], True),
        (["--runner=BundleBasedDirectRunner"], True),
        (["--runner=apache_beam.runners.direct.direct_runner.BundleBasedDirectRunner"], True),
        (["--direct_num_workers=2", "--direct_running_mode=multi_processing"], False),
        (["--direct_num_workers=1", "--direct_running_mode=multi_processing"], False),
        (["--direct_num_workers=0"], False),
        (["--runner=FlinkRunner"], False),
        (["--runner=SparkRunner"], False),
        (["--runner=DataflowRunner", "--project=a"], False),
        (["--runner=PortableRunner"], False),
        (["--runner=PrismRunner"], False),
    ],
)
def test_runners(arguments: list[str], expected: bool) -> None:
    assert runs_in_process(arguments) is expected
