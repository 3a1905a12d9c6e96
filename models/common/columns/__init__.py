"""Raw columns of a table to a few tensors: what a model's `preprocessing_fn` calls, one function a kind."""
