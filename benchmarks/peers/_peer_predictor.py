"""How the servers that `serving.py` compares with run the model: by this project's own loader.

That is faster than what their examples call, so that what differs is the server.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from serving.codec import predict_json
from serving.core import json_text
from serving.model.loaded_model import LoadedModel
from serving.model.signatures import DEFAULT


class Predictor:
    """Takes and gives the JSON of TensorFlow Serving's REST API.

    Args:
        folder: A version's folder.
    """

    def __init__(self, folder: str) -> None:
        self._model = LoadedModel(Path(folder))
        self._signature = self._model.signature(DEFAULT)

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answers a request in rows."""
        outputs = self._model.run(self._signature, predict_json.inputs(request, self._signature))
        return json_text.parse(predict_json.answer(outputs, self._signature.outputs, True))
