"""A server of models in TensorFlow Serving's protocols; needs TensorFlow, nothing of TFX."""
