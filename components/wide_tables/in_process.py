"""Whether Beam runs a node's work in this process alone, so that its steps can share memory."""

from __future__ import annotations

from collections.abc import Sequence

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions

_RUNNERS = {"directrunner", "bundlebaseddirectrunner", "fnapirunner", "switchingdirectrunner"}
_DEFAULT = "DirectRunner"


def runs_in_process(beam_args: Sequence[str]) -> bool:
    """Whether these arguments of Beam name a runner that has one worker, in this process.

    Args:
        beam_args: As `BeamExecutor` has them; without a runner among them it is the direct one.
    """
    options = PipelineOptions(list(beam_args))
    direct = options.view_as(DirectOptions)
    name = str(options.view_as(StandardOptions).runner or _DEFAULT).rpartition(".")[2]
    return (
        name.lower() in _RUNNERS
        and direct.direct_running_mode == "in_memory"
        and int(direct.direct_num_workers) == 1
    )
