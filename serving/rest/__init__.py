"""TensorFlow Serving's REST API, and a page beside it."""
