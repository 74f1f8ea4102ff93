"""A table through ingest, Transform and a tiny network, without a pipeline: seconds instead of minutes."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform.beam as tft_beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tensorflow_transform import TFTransformOutput
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder
from tfx_bsl.public import tfxio

from components.example_gen.executor import write_examples
from models import network, preprocessing, signatures, training
from models.features import settle
from sluicegate.tables import inspecting as core
from sluicegate.tables.columns.stated import stated
from sluicegate.tables.proposal.inference import infer
from sluicegate.tables.source import Source
from tests.settled_source import settled

TINY = {
    "epochs": 2,
    "layers": [8],
    "members": 1,
    "max_knots": 8,
    "seed": 1,
    "learning_rate": 0.02,
    "min_category_rows": 2,
}
SPLITS = ("train", "eval", "test")


@dataclass(frozen=True)
class Trained:
    """folder : the version's.  export : what was served, with the network in memory.  transformed : rows per split."""

    source: Source
    profile: Any
    folder: Path
    export: signatures.Export
    transformed: Mapping[str, Any]
    raw: Mapping[str, list[bytes]]

    @property
    def description(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "assets.extra" / "model.json").read_text()))

    def training_path_scores(self, split: str) -> np.ndarray[Any, Any]:
        """Transform's own output of a split's rows through the network that was trained on such."""
        inputs = [self.transformed[split][tensor.name] for tensor in self.export.model.inputs]
        return np.asarray(network.scores(self.export.model(inputs, training=False), self.export.answer))


def train(source: Source, home: Path, plan: Mapping[str, Any] = TINY) -> Trained:
    """`home` gets examples, transform and a folder of versions with version 1."""
    shutil.rmtree(home, ignore_errors=True)
    profile, tables = core.inspect(source), core.load(source)
    schema = infer(profile)
    roles = settle(schema, stated(settled(source)).roles)
    config = {"roles": roles.to_json(), "training": json.dumps(dict(plan))}
    for split in SPLITS:
        write_examples(tables[split], str(home / "examples" / split))
    transformed = _transform(schema, config, home)
    export, folder = _fitted(config, home)
    raw = {split: _records(home / "examples" / split) for split in SPLITS}
    return Trained(source, profile, folder, export, transformed, raw)


def _records(folder: Path) -> list[bytes]:
    [file] = folder.iterdir()
    return list(tf.data.TFRecordDataset(str(file), "GZIP").as_numpy_iterator())


def _transform(schema: Any, config: dict[str, str], home: Path) -> dict[str, Any]:
    graph, function = home / "transform", functools.partial(preprocessing.preprocessing_fn, custom_config=config)
    with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=str(home / "temporary")):
        rows, layout = {}, None
        for split in SPLITS:
            read = tfxio.TFExampleRecord(
                str(home / "examples" / split / "*"), schema=schema, telemetry_descriptors=["test"]
            )
            rows[split], layout = (
                pipeline | f"Read[{split}]" >> read.BeamSource(batch_size=4096),
                read.TensorAdapterConfig(),
            )
        transform_fn = (rows["train"], layout) | tft_beam.AnalyzeDataset(function)
        transform_fn | tft_beam.WriteTransformFn(str(graph))
        for split in SPLITS:
            made, metadata = ((rows[split], layout), transform_fn) | f"Do[{split}]" >> tft_beam.TransformDataset(
                output_record_batches=True
            )
            encoded = made | f"Encode[{split}]" >> beam.FlatMap(
                lambda pair, meta: RecordBatchToExamplesEncoder(meta.schema).encode(pair[0]),
                beam.pvalue.AsSingleton(metadata.deferred_metadata),
            )
            encoded | f"Write[{split}]" >> beam.io.WriteToTFRecord(
                str(home / "transformed" / split / "rows"), num_shards=1, shard_name_template="", file_name_suffix=".gz"
            )
    raw_metadata = dataset_metadata.DatasetMetadata(schema)
    metadata_io.write_metadata(raw_metadata, str(graph / TFTransformOutput.RAW_METADATA_DIR))
    spec = TFTransformOutput(str(graph)).transformed_feature_spec()
    return {split: tf.io.parse_example(_records(home / "transformed" / split), spec) for split in SPLITS}


def _fitted(config: dict[str, str], home: Path) -> tuple[signatures.Export, Path]:
    kept: list[signatures.Export] = []
    save = signatures.save

    def keep(export: signatures.Export, transform: Any, folder: str) -> None:
        kept.append(export)
        save(export, transform, folder)

    folder = home / "versions" / "1"
    signatures.save = keep
    try:
        training.run_fn(
            FnArgs(
                train_files=[str(home / "transformed" / "train" / "*")],
                eval_files=[str(home / "transformed" / "eval" / "*")],
                transform_graph_path=str(home / "transform"),
                serving_model_dir=str(folder),
                model_run_dir=str(home / "run"),
                working_dir=str(home / "working"),
                custom_config=config,
            )
        )
    finally:
        signatures.save = save
    return kept[0], folder
