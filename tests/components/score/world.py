"""Runs the real executor on shards and models in a folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import tensorflow as tf
from tfx.types.standard_artifacts import Examples, Model

from components.example_gen.executor import write_examples
from components.score.executor import Executor
from schemas.artifacts import Predictions
from schemas.predictions import Answers
from schemas.roles import Roles
from schemas.scored_rows import ScoredRows, read
from tests.components.through_executor import artifact
from tests.components.tiny_model import save_model

IN_MEMORY = [
    "--runner=DirectRunner",
    "--direct_running_mode=in_memory",
    "--direct_num_workers=1",
    "--sdk_container_image=unused",
]


@dataclass(frozen=True)
class Scored:
    artifact: Any
    rows: ScoredRows

    def int_property(self, name: str) -> int | None:
        has_it = name in self.artifact.mlmd_artifact.custom_properties
        return self.artifact.get_int_custom_property(name) if has_it else None

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in Path(self.artifact.uri).rglob("*"))


def score(
    examples: Path,
    model: Path,
    roles: Roles,
    out: Path,
    sensitive: Any = (),
    baseline: Any = None,
    *,
    split: str = "",
    slices: Any = (),
) -> Scored:
    """examples, model : folders of the artifacts.  baseline : an artifact.  split : a SplitRecord's JSON."""
    given = artifact(Examples, examples)
    given.split_names = '["train", "test"]'
    inputs = {"examples": [given], "model": [artifact(Model, model)]} | ({"baseline": [baseline]} if baseline else {})
    found = artifact(Predictions, out)
    properties = {
        "split": "test",
        "sensitive_json": json.dumps(list(sensitive)),
        "roles_json": roles.to_json(),
        "split_json": split,
        "slices_json": json.dumps(list(slices)),
    }
    Executor(Executor.Context(IN_MEMORY)).Do(inputs, {"predictions": [found]}, properties)
    return Scored(found, read(out))


def shards_of(folder: Path, records: list[bytes], *sizes: int) -> Path:
    """An Examples folder whose split "test" has these records in files of these sizes."""
    split = folder / "Split-test"
    split.mkdir(parents=True)
    for place in range(len(sizes)):
        with tf.io.TFRecordWriter(str(split / f"data_tfrecord-{place:05d}-of-{len(sizes):05d}.gz"), "GZIP") as writer:
            for record in records[sum(sizes[:place]) : sum(sizes[: place + 1])]:
                writer.write(record)
    return folder


def table_of(folder: Path, **columns: Any) -> Path:
    """An Examples folder whose split "test" is this table, written by ExampleGen; None is a missing cell."""
    arrays = {
        name: pa.array(cells, pa.float32()) if isinstance(cells[0], float) else pa.array(cells)
        for name, cells in columns.items()
    }
    write_examples(pa.table(arrays), str(folder / "Split-test"))
    return folder


def records_in(folder: Path) -> list[bytes]:
    files = sorted(str(path) for path in folder.iterdir())
    return list(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())


def tiny(folder: Path, answers: Answers, slope: float = 1.5, inputs: tuple[str, ...] = ("x",)) -> Path:
    """A Model folder: tests.components.tiny_model, with the description that ours have."""
    save_model(folder, answers.task, slope)
    path = folder / "Format-Serving" / "assets.extra" / "model.json"
    path.parent.mkdir()
    content = {"task": answers.task, "classes": answers.classes, "threshold": answers.threshold}
    path.write_text(json.dumps({**content, "inputs": dict.fromkeys(inputs)}))
    return folder
