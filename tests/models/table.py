"""A table in memory to Transform's output on disk, without the rest of the pipeline: for tests and benchmarks."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import pandas as pd
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform.beam as tft_beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import TFTransformOutput
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder
from tfx_bsl.public import tfxio

from models import preprocessing
from schemas.roles import Roles


@dataclass(frozen=True)
class Prepared:
    """train_files, eval_files : patterns of transformed examples.  transform_graph : Transform's output folder."""

    train_files: list[str]
    eval_files: list[str]
    transform_graph: str
    custom_config: dict[str, Any]


def schema_of(frame: pd.DataFrame) -> schema_pb2.Schema:
    """Type only, no shape, as ingest writes it: integers INT, floats FLOAT, everything else BYTES."""
    kinds = {"i": schema_pb2.INT, "u": schema_pb2.INT, "f": schema_pb2.FLOAT}
    schema = schema_pb2.Schema()
    for name in frame.columns:
        schema.feature.add(name=name, type=kinds.get(frame[name].dtype.kind, schema_pb2.BYTES))
    return schema


def record_batch(frame: pd.DataFrame) -> pa.RecordBatch:
    """One list per cell, null where the value is missing."""
    arrays = []
    for name in frame.columns:
        column = frame[name]
        kind = column.dtype.kind
        dtype = pa.int64() if kind in "iu" else pa.float32() if kind == "f" else pa.large_binary()
        cells = [None if pd.isna(v) else [v.encode() if isinstance(v, str) else v] for v in column.tolist()]
        arrays.append(pa.array(cells, type=pa.large_list(dtype)))
    return pa.RecordBatch.from_arrays(arrays, names=list(frame.columns))


def examples(frame: pd.DataFrame, schema: schema_pb2.Schema | None = None) -> list[bytes]:
    """Serialized tf.Example, one per row."""
    return RecordBatchToExamplesEncoder(schema or schema_of(frame)).encode(record_batch(frame))


def write_examples(records: list[bytes], path: Path) -> None:
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)) as writer:
        for record in records:
            writer.write(record)


def prepare(
    splits: Mapping[str, pd.DataFrame],
    roles: Roles,
    training: Mapping[str, Any],
    folder: Path,
    sensitive: Sequence[Mapping[str, Any]] = (),
) -> Prepared:
    """Runs the project's preprocessing function through Transform's Beam analysis, then over each split's rows.

    sensitive : the columns of a mitigation, as models/sensitive.py reads them.
    """
    custom_config = {"roles": roles.to_json(), "training": json.dumps(dict(training)), "code": "test"}
    custom_config |= {"sensitive": json.dumps(list(sensitive))} if sensitive else {}
    folder.mkdir(parents=True, exist_ok=True)
    schema = schema_of(splits["train"])
    for split, frame in splits.items():
        write_examples(examples(frame, schema), folder / f"raw-{split}.gz")
    graph = folder / "transform"
    with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=str(folder / "temporary")):
        _transform(pipeline, splits, schema, custom_config, folder)
    # The stock Transform component writes the raw schema here; tft_beam.WriteTransformFn does not.
    metadata_io.write_metadata(
        dataset_metadata.DatasetMetadata(schema), str(graph / TFTransformOutput.RAW_METADATA_DIR)
    )
    files = {split: [str(folder / f"transformed-{split}*")] for split in splits}
    return Prepared(files["train"], files["eval"], str(graph), custom_config)


def _transform(
    pipeline: beam.Pipeline,
    splits: Mapping[str, pd.DataFrame],
    schema: schema_pb2.Schema,
    custom_config: dict[str, Any],
    folder: Path,
) -> None:
    batches, config = {}, None
    for split in splits:
        source = tfxio.TFExampleRecord(str(folder / f"raw-{split}.gz"), schema=schema, telemetry_descriptors=["test"])
        batches[split] = pipeline | f"Read[{split}]" >> source.BeamSource(batch_size=4096)
        config = source.TensorAdapterConfig()
    function = functools.partial(preprocessing.preprocessing_fn, custom_config=custom_config)
    transform_fn = (batches["train"], config) | tft_beam.AnalyzeDataset(function)
    transform_fn | tft_beam.WriteTransformFn(str(folder / "transform"))
    for split in splits:
        rows, metadata = ((batches[split], config), transform_fn) | f"Transform[{split}]" >> tft_beam.TransformDataset(
            output_record_batches=True
        )
        encoded = rows | f"Encode[{split}]" >> beam.FlatMap(
            _encode, beam.pvalue.AsSingleton(metadata.deferred_metadata)
        )
        encoded | f"Write[{split}]" >> beam.io.WriteToTFRecord(
            str(folder / f"transformed-{split}"), file_name_suffix=".gz"
        )


def _encode(rows: tuple[pa.RecordBatch, Any], metadata: Any) -> list[bytes]:
    return RecordBatchToExamplesEncoder(metadata.schema).encode(rows[0])
