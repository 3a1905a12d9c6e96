"""Gradient boosting on a model's rows and columns: whether its network is worth its place."""
