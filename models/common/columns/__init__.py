"""Raw columns of a table as a few tensors: what a model's `preprocessing_fn` calls."""
