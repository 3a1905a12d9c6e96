"""Predictions for whole files, by the same code as the server's."""
