"""Score on a million rows, and TFX's stock BulkInferrer on the same model and rows: `python -m benchmarks.score`.

The rows are UCI Adult's, repeated, as gzip TFRecords in as many shards as are asked for; the model is the census model
after two epochs, trained first unless `--run` names the output folder of a run. Each side is a process of its own.
Seconds are of the executor's `Do`, models loaded and files written, without the imports that both have alike. The stock side
takes fewer rows, since it goes row by row; the ratio is of rows per second. To reach: a million rows within 60 s on 2 cores.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parents[1]
BEAM = [
    "--runner=DirectRunner",
    "--direct_running_mode=in_memory",
    "--direct_num_workers=1",
    "--sdk_container_image=unused",
]
SENSITIVE = ["sex", "race", {"column": "age", "bins": [25, 40, 60]}]
OURS, WITH_BASELINE, STOCK = "Score", "Score, released model too", "BulkInferrer"
MAX_SECONDS = 60.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=1_000_000, help="rows that Score scores (default 1000000)")
    options.add_argument("--stock-rows", type=int, default=100_000, help="rows for BulkInferrer (default 100000)")
    options.add_argument("--shards", type=int, default=1, help="files of the split (default 1, as ExampleGen writes)")
    options.add_argument("--run", help="output folder of a finished census run")
    options.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        print(json.dumps(child(given.child[0], Path(given.child[1]), Path(given.run))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        run = Path(given.run) if given.run else train(folder / "run")
        sizes = {OURS: given.rows, WITH_BASELINE: given.rows, STOCK: given.stock_rows}
        for rows in set(sizes.values()):
            write_rows(run, folder / f"examples-{rows}", rows, given.shards)
        found = {side: measure(side, folder / f"examples-{rows}", run) for side, rows in sizes.items()}
        show(found, sizes)


def train(folder: Path) -> Path:
    """A run of the census pipeline with a model of two epochs."""
    settings = ["training.epochs=2", "quality_gate.limits=[{metric: auc, at_least: 0.5}]"]
    changes = [word for setting in settings for word in ("--set", setting)]
    command = [sys.executable, "local_runner.py", "--config", "configs/census.yaml", "--output", str(folder), "--quiet"]
    subprocess.run([*command, *changes], cwd=PROJECT, check=True)
    return folder


def write_rows(run: Path, folder: Path, rows: int, shards: int) -> None:
    """The test rows over and over, as an Examples artifact with the one split "test"."""
    import tensorflow as tf

    found = next((run / "artifacts" / "ExampleGen" / "examples").glob("*/Split-test/*.gz"))
    records = list(tf.data.TFRecordDataset(str(found), "GZIP").as_numpy_iterator())
    split = folder / "Split-test"
    split.mkdir(parents=True)
    for shard in range(shards):
        path = split / f"data_tfrecord-{shard:05d}-of-{shards:05d}.gz"
        options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
        with tf.io.TFRecordWriter(str(path), options) as writer:
            for row in range(rows * shard // shards, rows * (shard + 1) // shards):
                writer.write(records[row % len(records)])


def measure(side: str, examples: Path, run: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.score", "--child", side, str(examples), "--run", str(run)]
    done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def child(side: str, folder: Path, run: Path) -> dict[str, float]:
    """By name: seconds of Do; before and peak, MiB of resident memory."""
    do = stock if side == STOCK else score
    work = do(side, folder, run)
    before = _peak()
    began = time.monotonic()
    work()
    return {"seconds": time.monotonic() - began, "before": before, "peak": _peak()}


def score(side: str, folder: Path, run: Path) -> Any:
    from components.score.executor import Executor
    from schemas.artifacts import Predictions
    from schemas.roles import Roles

    roles = Roles("income", "binary", ("<=50K", ">50K"))
    inputs = {"examples": [_examples(folder)], "model": [_model(run)]}
    inputs |= {"baseline": [_model(run)]} if side == WITH_BASELINE else {}
    outputs = {"predictions": [_at(Predictions, folder / side)]}
    properties = {"split": "test", "sensitive_json": json.dumps(SENSITIVE), "roles_json": roles.to_json()}
    return lambda: Executor(Executor.Context(BEAM)).Do(inputs, outputs, properties)


def stock(side: str, folder: Path, run: Path) -> Any:
    from tfx.components.bulk_inferrer.executor import Executor
    from tfx.proto import bulk_inferrer_pb2
    from tfx.types.standard_artifacts import InferenceResult
    from tfx.utils import proto_utils

    inputs = {"examples": [_examples(folder)], "model": [_model(run)]}
    outputs = {"inference_result": [_at(InferenceResult, folder / side)]}
    spec = bulk_inferrer_pb2.ModelSpec(model_signature_name=["serving_default"])
    data = bulk_inferrer_pb2.DataSpec()
    properties = {"model_spec": proto_utils.proto_to_json(spec), "data_spec": proto_utils.proto_to_json(data)}
    return lambda: Executor(Executor.Context(BEAM)).Do(inputs, outputs, properties)


def show(found: dict[str, dict[str, float]], sizes: dict[str, int]) -> None:
    speeds = {side: sizes[side] / one["seconds"] for side, one in found.items()}
    table = Table(
        "", "rows", "seconds", "rows/s", "against stock", "peak MiB", "of it imports", title="Scoring Adult's rows"
    )
    for side, one in found.items():
        numbers = [
            f"{sizes[side]:,}",
            f"{one['seconds']:.1f}",
            f"{speeds[side]:,.0f}",
            f"{speeds[side] / speeds[STOCK]:.1f} x",
            f"{one['peak']:,.0f}",
            f"{one['before']:,.0f}",
        ]
        table.add_row(side, *numbers)
    console = Console(width=120)
    console.print(table)
    needed = found[OURS]["seconds"] * 1_000_000 / sizes[OURS]
    verdict = "within" if needed <= MAX_SECONDS else "beyond"
    console.print(f"A million rows: {needed:.1f} s, {verdict} {MAX_SECONDS:g} s.")


def _examples(folder: Path) -> Any:
    from tfx.types.standard_artifacts import Examples

    examples = _at(Examples, folder)
    examples.split_names = '["test"]'
    examples.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    return examples


def _model(run: Path) -> Any:
    from tfx.types.standard_artifacts import Model

    return _at(Model, next((run / "artifacts" / "Trainer" / "model").iterdir()))


def _at(kind: Any, folder: Path) -> Any:
    made = kind()
    made.uri = str(folder)
    return made


def _peak() -> float:
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    main()
