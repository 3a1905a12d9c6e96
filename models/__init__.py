"""Model folders, and what they share.

This package is at the bottom of the import graph, so it is where the process-wide
TensorFlow settings are made: whatever imports anything of the project imports this first.
"""

import os

# tensorflow_transform chooses Keras 2 for the whole process if nobody has chosen.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")
# Without a GPU, TensorFlow's start-up warnings about one say nothing.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
