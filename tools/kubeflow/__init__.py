"""Runs a model's pipeline on Kubeflow's real API server, driver and launcher, on this machine."""
