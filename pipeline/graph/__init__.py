"""The pipeline as TFX nodes: builders for its data, training and release parts."""
