"""Submits a model's pipeline to Vertex AI or Kubeflow Pipelines."""
