"""What a table is taken for: each column, the task, the splits, and what a model has to beat."""
