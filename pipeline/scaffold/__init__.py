"""From a table to a model folder: what each column is, and the files that are written for it."""
