"""`python -m monitoring.demo`, which is `make demo-drift`."""

from __future__ import annotations

import resource
import sys

from monitoring.core.errors import MonitoringError
from monitoring.demo.desk import Desk
from monitoring.demo.story import Story, folder


def main() -> None:
    """Plays the demonstration; exit status 1 where something does not come as it should."""
    desk = Desk(folder())
    try:
        Story(desk).tell()
    except MonitoringError as error:
        print(f"error: {error}\nThe logs are in {desk.folder}.", file=sys.stderr)
        sys.exit(1)
    finally:
        desk.close()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"It took {used.ru_utime + used.ru_stime:.0f} s of the processor's time.")


if __name__ == "__main__":
    main()
