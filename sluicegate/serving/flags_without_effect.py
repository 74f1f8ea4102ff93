"""TensorFlow Serving's flags that are taken so that its command lines work, and why they change nothing here."""

from __future__ import annotations

from collections.abc import Mapping

_ONE_LOOP = "requests are taken by one event loop"
_LOADS = "four threads load and unload, and no request waits for them"
_TFLITE = "saved_model.pb is what runs; a TensorFlow Lite model is not read"
_XLA = "XLA compiles what a model asks it to"

#: Name to the reason, which is printed when the flag is given.
WITHOUT_EFFECT: Mapping[str, str] = {
    "grpc_max_threads": _ONE_LOOP,
    "rest_api_num_threads": _ONE_LOOP,
    "num_load_threads": _LOADS,
    "num_unload_threads": _LOADS,
    "flush_filesystem_caches": "the system decides what it caches",
    "remove_unused_fields_from_bundle_metagraph": "the graph is dropped once it is loaded",
    "prefer_tflite_model": _TFLITE,
    "use_tflite_model": _TFLITE,
    "num_tflite_pools": _TFLITE,
    "num_tflite_interpreters_per_pool": _TFLITE,
    "xla_cpu_compilation_enabled": _XLA,
    "xla_gpu_compilation_enabled": _XLA,
    "enable_signature_method_name_check": "methods are told apart by a signature's inputs and outputs",
    "enable_profiler": "there is no profiler service; /monitoring/prometheus/metrics has the latencies",
    "platform_config_file": "TensorFlow is the only platform; sessions are set by --tensorflow_session_config_file",
    "thread_pool_factory_config_file": "there are no other thread pools to choose from",
    "mixed_precision": "a model runs in the types that it was exported with",
    "skip_initialize_tpu": "TPUs are not used",
    "enable_cors_support": "the flag is --rest_api_enable_cors_support",
}
