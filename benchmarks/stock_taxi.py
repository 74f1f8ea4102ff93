"""TFX's own taxi template, all nine nodes, on a folder of CSV: python -m benchmarks.stock_taxi DATA_FOLDER OUTPUT_FOLDER

The template ships with its nodes commented out ("TODO(step 6): Uncomment here"); this uncomments them as its own end-to-end
test does, and changes nothing else.
"""

import re
import sys
import types
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def template() -> types.ModuleType:
    """The template's pipeline module with every node in its list."""
    spec = find_spec("tfx.experimental.templates.taxi.pipeline.pipeline")
    if spec is None or spec.origin is None:
        raise ImportError("TFX lacks its taxi template")
    source = Path(spec.origin).read_text(encoding="utf-8")
    source = re.sub(r"^(\s*)# (components\.append\((?!example_validator).*\))$", r"\1\2", source, flags=re.MULTILINE)
    module = types.ModuleType("taxi_template")
    exec(compile(source, spec.origin, "exec"), module.__dict__)
    return module


def build(data: str, output: str) -> Any:
    from tfx import v1 as tfx
    from tfx.experimental.templates.taxi.pipeline import configs

    taxi = "tfx.experimental.templates.taxi."
    pipeline = template().create_pipeline(
        pipeline_name="taxi",
        pipeline_root=f"{output}/artifacts",
        data_path=data,
        preprocessing_fn=taxi + configs.PREPROCESSING_FN,
        run_fn=taxi + configs.RUN_FN,
        train_args=tfx.proto.TrainArgs(num_steps=configs.TRAIN_NUM_STEPS),
        eval_args=tfx.proto.EvalArgs(num_steps=configs.EVAL_NUM_STEPS),
        eval_accuracy_threshold=configs.EVAL_ACCURACY_THRESHOLD,
        serving_model_dir=f"{output}/serving",
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            f"{output}/metadata.db"
        ),
    )
    made = {component.id: component for component in pipeline.components}
    validator = tfx.components.ExampleValidator(
        statistics=made["StatisticsGen"].outputs["statistics"], schema=made["SchemaGen"].outputs["schema"]
    )
    pipeline.components = [*pipeline.components, validator]
    return pipeline


def main() -> None:
    from tfx import v1 as tfx

    pipeline = build(*sys.argv[1:3])
    tfx.orchestration.LocalDagRunner().run(pipeline)
    print(f"{len(pipeline.components)} nodes", flush=True)


if __name__ == "__main__":
    main()
