"""Routing and the request log in front of another server, such as TensorFlow Serving's image."""
