"""Opens a `.keras` file and writes a SavedModel: a program, `keras_export.py FILE FOLDER`.

A process of its own: Keras takes a while to import, and what it opens is from elsewhere. It needs
nothing of this project.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

_WEIGHTS = "model.weights.h5"


def export(archive: Path, folder: Path) -> None:
    """Makes a SavedModel with the signature `serving_default`.

    Raises:
        ValueError: The weights are in other files, or Keras refuses the model.
    """
    import keras

    with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(archive) as files:
        if _WEIGHTS in files.namelist():
            check_weights(Path(files.extract(_WEIGHTS, place)))
    model = keras.models.load_model(archive, compile=False, safe_mode=True)
    model.export(str(folder))


def check_weights(path: Path) -> None:
    """Checks that a file of weights has no links to other files.

    Raises:
        ValueError: It has.
    """
    import h5py

    def look(group: Any) -> None:
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise ValueError(f"{name} of the weights is in another file, {link.filename}")
            one = group[name]
            if isinstance(one, h5py.Group):
                look(one)
            elif one.external:
                raise ValueError(f"{name} of the weights is in another file, {one.external[0][0]}")

    with h5py.File(path, "r") as file:
        look(file)


if __name__ == "__main__":
    try:
        export(Path(sys.argv[1]), Path(sys.argv[2]))
    except ImportError as missing:
        sys.exit(f"Keras is not installed here: {missing}")
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")
