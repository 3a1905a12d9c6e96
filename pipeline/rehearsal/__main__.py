"""The process that rehearses; `python -m pipeline rehearse` starts it and watches its record.

It finds the rehearsal's id in PIPELINE_RUN and the target in PIPELINE_TARGET.
"""

from __future__ import annotations

import os
import sys

from pipeline import project, run_folder, run_record, secrets, targets


def main() -> None:
    """Rehearses and leaves with the rehearsal's exit status."""
    record = run_folder.take_over(os.environ["PIPELINE_RUN"], project.REHEARSALS)
    record.process = os.getpid()
    run_record.write(record, project.REHEARSALS)
    secrets.hide_in_output(run_record.redactor(record))
    # Imported here, so that a death in the imports is one of a run that has begun.
    from pipeline.rehearsal.rehearse import rehearse

    rehearse(record, targets.kind(os.environ[targets.TARGET]), project.REHEARSALS)
    sys.stdout.flush()
    sys.stderr.flush()
    # All is written; taking TensorFlow down in order takes seconds.
    os._exit(run_record.EXIT_CODES[record.status])


if __name__ == "__main__":
    main()
