"""TensorFlow Serving's REST API v1: paths, JSON tensors, answers."""
