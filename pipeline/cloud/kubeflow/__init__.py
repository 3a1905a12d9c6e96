"""A Kubeflow Pipelines server's API: where it is, what it has, and what it is asked to do."""
