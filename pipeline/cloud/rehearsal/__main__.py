"""The process that rehearses; `python -m pipeline rehearse` starts it and watches its record.

It takes the rehearsal's record over, and finds the target in PIPELINE_TARGET.
"""

from __future__ import annotations

import os
import sys

from models.common.errors import MISTAKE
from pipeline.cloud import targets
from pipeline.config import project
from pipeline.local import handover
from pipeline.local.interruption import Interruption, leave
from pipeline.record import run_record


def main() -> None:
    """Rehearses and leaves with the rehearsal's exit status."""
    record = handover.take_over(project.REHEARSALS)
    if record is None:
        sys.exit("Error: it has no record to run; start it with python -m pipeline rehearse")
    record.take_over()
    interruption = Interruption(record, project.REHEARSALS)
    run_record.write(record, project.REHEARSALS)
    # Imported here, so that a death in the imports is one of a run that has begun.
    try:
        interruption.listen()
        from pipeline.cloud.rehearsal.rehearse import rehearse

        rehearse(record, os.environ[targets.TARGET], project.REHEARSALS)
    except BaseException:
        if interruption.asked:
            interruption.end()
        raise
    leave(MISTAKE if record.is_mistake else run_record.EXIT_CODES[record.status])


if __name__ == "__main__":
    main()
