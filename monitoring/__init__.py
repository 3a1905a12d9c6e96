"""Compares what a model is asked in production with what it was trained on."""
