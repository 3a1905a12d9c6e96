"""Lets an analyzer of TFT depend on another one, such as quantiles of what is above a minimum.

TFT then copies a part of Beam's graph. TFT 1.16 does so as Beam before 2.63 wanted it, without two
arguments that newer ones require; TFT 1.21 gives both.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator

from apache_beam.pipeline import AppliedPTransform


@contextlib.contextmanager
def several() -> Iterator[None]:
    """Lets the environment and the annotations of a copied step default to none."""
    create = AppliedPTransform.__init__
    defaults = create.__defaults__
    optional = ("environment_id", "annotations")
    if defaults is None and tuple(inspect.signature(create).parameters)[-2:] == optional:
        create.__defaults__ = (None, None)
    try:
        yield
    finally:
        create.__defaults__ = defaults
