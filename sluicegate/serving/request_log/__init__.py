"""What was asked and answered, in files: Parquet for those who judge and watch, TFRecord for TFX's own tools.

The server packs what it has answered into a bounded queue, and a process of the log's own writes (docs/adr/0012). When the disk
or the process is too slow, records are dropped and counted, and requests are answered as if nothing had happened:

batch threads, event loop -> packing -> log (queue, sender) -> child | process -> writer -> privacy -> format -> files

A Parquet file holds one line for each row of a request, because labels come by row and drift is counted over rows:

========================================  =============================================================
request_id, row                           the request, and the row's number in it, from 0; labels join on both
received                                  timestamp, UTC
model, version, signature, api            what answered
arm, weight                               "stable", "canary" or "shadow", and the probability of coming to it
latency_ms                                of the whole request: count it once, where row is 0 (`reading.requests`)
input_<name>                              an input, or a feature of the tf.Example that was sent
output_<name>                             an output
========================================  =============================================================

One value per row is a scalar, several are a list. A request whose arrays do not share their first dimension is one line.
Serialized tf.Examples become columns; where a text cannot be read as one, or a feature would have another input's name,
the bytes are kept. A column that turns out to need a wider type, and a column not seen before, begin a new file.

A TFRecord file holds one tensorflow.serving.PredictionLog for each request, of every API, as predict_log.
`log_metadata.request_origin` is a JSON object of request_id, arm, weight, latency_ms, received and api, since the proto has
no field of its own for them and leaving the request as it came lets the file be replayed as warm-up.
"""
