"""The model server that speaks TensorFlow Serving's gRPC and REST, its router and its request log."""
