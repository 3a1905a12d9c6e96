"""Between messages and tensors: JSON, `tf.Example`s and protocol buffers."""
