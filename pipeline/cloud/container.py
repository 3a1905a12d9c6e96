"""What every task's container runs: it takes the model's code from its bundle, then does as TFX.

PIPELINE_CODE is the bundle's address; a task without it uses no code of `models/` but what the
image has.
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback

CODE = "PIPELINE_CODE"
ERROR = "Error: "
"""How the log's last words begin where a task failed for a known reason."""
STOPPED = 4
"""The exit status where anomalous data stopped the task, as on the command line."""
COMMAND = ("python", "-m", "pipeline.cloud.container")

_TFX = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"


def main() -> None:
    """Runs the executor that the arguments name.

    The last lines of the log say in words what went wrong.
    """
    from components import code_bundle
    from models.common.errors import ProjectError

    try:
        if CODE in os.environ:
            code_bundle.use(os.environ[CODE])
    except ProjectError as error:
        sys.exit(f"{ERROR}{error}")

    # Not before: these classes are now the bundle's.
    from models.common.errors import AnomalyError, ProjectError
    from pipeline.local import beam_tuning

    beam_tuning.tune()
    try:
        runpy.run_module(_TFX, run_name="__main__", alter_sys=True)
    except ProjectError as error:
        traceback.print_exc()
        print(f"{ERROR}{error}", file=sys.stderr)
        sys.exit(STOPPED if isinstance(error, AnomalyError) else 1)


if __name__ == "__main__":
    main()
