"""Several processes behind one port: a supervisor without TensorFlow, and what it starts."""
