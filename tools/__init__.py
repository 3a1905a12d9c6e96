"""Sets the project up: standard library only, on Python 3.8 or later, nothing installed yet."""
