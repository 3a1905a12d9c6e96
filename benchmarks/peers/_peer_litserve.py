"""The model behind litserve: python benchmarks/peers/_peer_litserve.py VERSION_FOLDER PORT."""

from __future__ import annotations

import os
import sys
from typing import Any

import litserve

FOLDER = "PEER_MODEL"


class Api(litserve.LitAPI):
    """As litserve's documentation does it; at the top of a file, since it is pickled."""

    def setup(self, device: str) -> None:
        """Loads the model, in the worker's process."""
        from _peer_predictor import Predictor

        self._predict = Predictor(os.environ[FOLDER])

    def decode_request(self, request):  # type: ignore[no-untyped-def]
        """Leaves it as it is; with a type, litserve would look for it in the URL's query."""
        return request

    def predict(self, request: dict[str, Any]) -> dict[str, Any]:
        """Runs the model."""
        return self._predict(request)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """Leaves it as it is."""
        return output


if __name__ == "__main__":
    os.environ[FOLDER] = sys.argv[1]
    server = litserve.LitServer(Api(), accelerator="cpu")
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="error"
    )
