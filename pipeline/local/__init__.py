"""Runs on this machine: starting, locking, following and resuming them."""
