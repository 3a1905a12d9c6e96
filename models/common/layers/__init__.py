"""Layers and a model for tables, each from a paper."""
