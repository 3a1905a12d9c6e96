"""Pipelines on Vertex AI and Kubeflow: compiled, submitted, rehearsed, run in containers."""
