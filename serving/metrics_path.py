"""Where Prometheus finds the metrics, as in TensorFlow Serving's examples."""

DEFAULT_PATH = "/monitoring/prometheus/metrics"
