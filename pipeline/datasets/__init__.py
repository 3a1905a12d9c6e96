"""Public data sets, from their publishers to the folder of a model's data."""
