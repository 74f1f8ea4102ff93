"""Where Prometheus finds the metrics, as in TensorFlow Serving's examples."""

DEFAULT_PATH = "/monitoring/prometheus/metrics"
#: Paths outside /v1/ and /v2/ that the server itself answers.
TAKEN = ("/", "/healthz", "/readyz", "/state.json", "/openapi.json")
