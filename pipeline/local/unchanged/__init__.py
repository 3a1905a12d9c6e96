"""Runs that have nothing to do: known by content, recorded without TFX, TensorFlow or Beam.

A run that was pushed leaves `runs/<model>/unchanged.json` (`repetition`): what it depended on
(`inputs`), what it made, and what the next run would record if all of that were the same
(`outlook`). If it is, that is recorded (`repeat`); in whatever doubt the pipeline runs as ever,
and its cache decides.
"""
