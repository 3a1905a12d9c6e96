"""TensorFlow Serving's REST API as a table of requests and answers, for any server of it."""
