"""Clients of a model server that speaks TensorFlow Serving's protocols: ours, and the real one."""
