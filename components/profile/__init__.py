"""The reference profile: what a version was trained on and how it answers, for monitoring."""
