"""Versions on their way to users: a serving folder in a bucket, its servers, and its releases."""
