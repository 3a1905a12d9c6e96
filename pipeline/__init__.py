"""The pipeline: its configuration, its graph, its runners and its command line."""

import models  # noqa: F401  (makes the process-wide TensorFlow settings before any import of it)
