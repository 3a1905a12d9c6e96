"""The files of a model's folder as text."""
