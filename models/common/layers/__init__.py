"""Layers for tables and images, and a model for tables, each from a paper."""
