"""Uploads what a model's pipeline needs, and submits it to its platform."""
