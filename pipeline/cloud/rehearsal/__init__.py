"""Runs a compiled specification on this machine the way Kubeflow would run it in a cluster."""
