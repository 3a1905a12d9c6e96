"""A look for people: a page of its own with pictures, and a table in the terminal."""
