"""The model behind kserve: python benchmarks/peers/_peer_kserve.py VERSION_FOLDER PORT."""

from __future__ import annotations

import sys
from typing import Any

_ARGUMENTS = sys.argv[1:]
# kserve reads the command line as its own when it is imported.
del sys.argv[1:]

import kserve  # noqa: E402
from _peer_predictor import Predictor  # noqa: E402


class Model(kserve.Model):
    """As kserve's documentation does it."""

    def load(self) -> bool:
        """Loads the model."""
        self._predict = Predictor(_ARGUMENTS[0])
        self.ready = True
        return True

    def predict(self, payload: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        """Runs the model."""
        return self._predict(payload)


if __name__ == "__main__":
    model = Model("model")
    model.load()
    kserve.ModelServer(
        http_port=int(_ARGUMENTS[1]), workers=1, enable_grpc=False, enable_latency_logging=False
    ).start([model])
