"""`python -m pipeline delete`: runs, and artifacts that nothing needs."""
