"""What a policy would have done on a log of the past."""
