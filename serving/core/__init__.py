"""What every part of the server builds on; without TensorFlow."""
