"""Looks again and again at what a model is served, remembers, and tells."""
