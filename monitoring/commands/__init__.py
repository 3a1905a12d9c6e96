"""`python -m monitoring`: a module for each command."""
