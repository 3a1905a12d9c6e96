"""Fitted preprocessing as part of other graphs."""
