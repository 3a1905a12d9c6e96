"""Values and images of a model's own, in the record of the run: `log` and `log_image`."""

from models.common.tracking.collecting import log, log_image

__all__ = ["log", "log_image"]
