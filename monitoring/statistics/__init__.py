"""Tests of counts of two samples: how sure a difference is, and how large."""
