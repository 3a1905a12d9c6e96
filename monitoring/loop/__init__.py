"""From an alarm to a new version: retraining, canary, promotion; each step is remembered."""
