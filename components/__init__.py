"""Custom TFX components and what they are made of."""

import models  # noqa: F401  (makes the process-wide TensorFlow settings before any import of it)
