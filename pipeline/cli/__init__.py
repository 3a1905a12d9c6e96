"""The command line, `python -m pipeline`: a module for each group of commands."""
