"""What a run was: its record, its details, its folder. Imports neither TFX nor TensorFlow."""
