"""Where models are served: a module for each platform that release.yaml may name."""
