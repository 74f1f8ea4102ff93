"""TFX's file-based ExampleGen with our reader: component, driver, spans and artifact stay; no row at a time."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from typing import Any

import apache_beam as beam
import tensorflow as tf
from google.protobuf import struct_pb2
from tfx import types
from tfx.components.example_gen import utils, write_split
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import proto_utils
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from components.example_gen.examples import example_batches
from schemas import distributions, leaks
from schemas.digest import DATA_DIGEST
from schemas.errors import DataError, Problem
from schemas.pbtxt import parse_pbtxt
from schemas.reading import Reading
from sluicegate.tables.columns import unlabelled
from sluicegate.tables.columns.distributions import distributions_of
from sluicegate.tables.columns.inspection import Examined, examine
from sluicegate.tables.columns.leaks import alone
from sluicegate.tables.columns.profiling import tables_of
from sluicegate.tables.columns.unsaid import refuse, unsaid
from sluicegate.tables.source import Source

BATCH_SPLIT = "batch"
COMPRESSION_LEVEL = 1
"""400,000 rows of taxi data, encoding included: 3.4 s and 32 MB at level 1, 6.3 s and 26 MB at zlib's own level 6."""


#: Parameter by which a runner that looked at the table first says which one it saw; the executor refuses another.
INSPECTED = "inspected_digest"
#: Before the digest, in the fingerprint that our driver gives.
BY_CONTENT = "sha256:"


def custom_config(source: Source, schema: str = "") -> example_gen_pb2.CustomConfig:
    """What FileBasedExampleGen hands to the executor.

    source : that leaves nothing open (sluicegate/tables/columns/unsaid.py).  schema : text format, or "" for none.
    """
    content = struct_pb2.Struct()
    content.update({"source": source.to_json(), "schema": schema})
    config = example_gen_pb2.CustomConfig()
    config.custom_config.Pack(content)
    return config


def batch_config(source: Source, readings: Mapping[str, Reading]) -> example_gen_pb2.CustomConfig:
    """The same for `BatchExecutor`.  readings : of the columns to read, as `unlabelled.readings_of` gives them."""
    content = struct_pb2.Struct()
    content.update(
        {
            "source": source.to_json(),
            "readings": json.dumps({name: one.to_json() for name, one in readings.items()}),
        }
    )
    config = example_gen_pb2.CustomConfig()
    config.custom_config.Pack(content)
    return config


class Executor(BaseExampleGenExecutor):
    """Reads `Source` from the custom config and writes one gzip TFRecord of tf.Examples per split."""

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:
        raise NotImplementedError("This executor overrides Do and runs no Beam pipeline.")

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write the splits and say so on the artifact, as TFX's own Do does.

        Raises
        ------
        DataError : the table cannot be used, is not what settings and schema say, or is no longer the one that was inspected.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        content = content_of(exec_properties)
        source = Source.from_json(content["source"])
        schema = parse_pbtxt(content["schema"], "the schema of ExampleGen") if content["schema"] else None
        examined = examine(source, schema)
        _refuse_change(source, exec_properties, examined.digest)
        refuse(unsaid(examined, source, schema), source.path, has_schema=schema is not None)
        _write_splits(tables_of(examined), output_dict, exec_properties)
        _say_which(examined.digest, output_dict)
        _write_what_is_kept(examined, source, output_dict)


class BatchExecutor(Executor):
    """Writes a table that is only to be scored as the one split "batch"."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises DataError as `Executor.Do`."""
        self._log_startup(input_dict, output_dict, exec_properties)
        content = content_of(exec_properties)
        source = Source.from_json(content["source"])
        columns = {name: Reading.from_json(one) for name, one in json.loads(content["readings"]).items()}
        digest = unlabelled.check(source, columns)
        _refuse_change(source, exec_properties, digest)
        _say_which(digest, output_dict)
        _write_splits({BATCH_SPLIT: unlabelled.load_unlabelled(source, columns)}, output_dict, exec_properties)


def _refuse_change(source: Source, exec_properties: Mapping[str, Any], found: str) -> None:
    """Of the table that a runner looked at, or whose digest TFX's cache was asked with."""
    fingerprint = exec_properties.get(utils.FINGERPRINT_PROPERTY_NAME) or ""
    asked_with = fingerprint.removeprefix(BY_CONTENT) if fingerprint.startswith(BY_CONTENT) else ""
    inspected = next((one for one in (exec_properties.get(INSPECTED), asked_with) if one and one != found), "")
    if not inspected:
        return
    raise DataError(
        "The table changed after it was inspected.",
        Problem(
            source.path,
            f"sha256 {found[:12]}...",
            f"sha256 {inspected[:12]}..., as inspected",
            "run again: the new run inspects the table as it is now",
        ),
    )


def _say_which(digest: str, output_dict: dict[str, list[types.Artifact]]) -> None:
    artifact = artifact_utils.get_single_instance(output_dict[standard_component_specs.EXAMPLES_KEY])
    artifact.set_string_custom_property(DATA_DIGEST, digest)


def _write_splits(
    tables: Mapping[str, Any], output_dict: dict[str, list[types.Artifact]], exec_properties: dict[str, Any]
) -> None:
    artifact = artifact_utils.get_single_instance(output_dict[standard_component_specs.EXAMPLES_KEY])
    artifact.split_names = artifact_utils.encode_split_names(list(tables))
    for split, table in tables.items():
        write_examples(table, artifact_utils.get_split_uri([artifact], split))
        logging.info("ExampleGen wrote %d examples of split %s.", table.num_rows, split)
    examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_TF_EXAMPLE)
    file_format = (
        exec_properties.get(standard_component_specs.OUTPUT_FILE_FORMAT_KEY) or example_gen_pb2.FORMAT_TFRECORDS_GZIP
    )
    examples_utils.set_file_format(artifact, write_split.to_file_format_str(file_format))


def _write_what_is_kept(examined: Examined, source: Source, output_dict: dict[str, list[types.Artifact]]) -> None:
    """Beside the folders of the splits, because TFX reads every file in those as examples."""
    artifact = artifact_utils.get_single_instance(output_dict[standard_component_specs.EXAMPLES_KEY])
    by_split = distributions_of(examined, source)
    files = {distributions.file_name(split): distributions.to_bytes(found) for split, found in by_split.items()}
    rows = sum(found.rows for found in by_split.values())
    worth = sum(found.effective for found in by_split.values()) / max(rows, 1)
    files[leaks.FILE_NAME] = leaks.to_json(leaks.Leaks(alone(examined, source, worth))).encode(
        "utf-8", errors="replace"
    )
    for name, content in files.items():
        with tf.io.gfile.GFile(os.path.join(artifact.uri, name), "wb") as file:
            file.write(content)


def write_examples(table: Any, folder: str) -> None:
    """Write `data_tfrecord-00000-of-00001.gz` into the folder (local or any that tf.io.gfile knows), rows in order."""
    tf.io.gfile.makedirs(folder)
    path = os.path.join(folder, f"{write_split.DEFAULT_FILE_NAME}-00000-of-00001.gz")
    options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=COMPRESSION_LEVEL)
    encoder = RecordBatchToExamplesEncoder()
    with tf.io.TFRecordWriter(path, options) as writer:
        for batch in example_batches(table):
            for record in encoder.encode(batch):
                writer.write(record)


def content_of(exec_properties: Mapping[str, Any]) -> dict[str, str]:
    """What `custom_config` or `batch_config` packed, out of the step's parameters."""
    config = example_gen_pb2.CustomConfig()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], config)
    content = struct_pb2.Struct()
    config.custom_config.Unpack(content)
    return dict(content.items())
