"""The artifact that TFX's other components read: files, properties, and every value where the table has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import DataError
from schemas.pbtxt import parse_pbtxt, read_pbtxt
from sluicegate.tables.inspecting import Source, SplitRule, inspect, load
from tests.settled_source import settled
from tests.sluicegate.tables.tables import rows, source, write

ROOT = Path(__file__).parents[3]
CENSUS = ROOT / "schemas" / "census" / "schema.pbtxt"
ADULT = Source(str(ROOT / "data" / "census" / "adult.csv"), "income", split=SplitRule(column="split"))


def run(wanted: Source, folder: Path, digest: str = "", schema: str = "") -> Any:
    from tfx.proto import example_gen_pb2
    from tfx.types import standard_artifacts
    from tfx.utils import proto_utils

    from components.example_gen.executor import INSPECTED, Executor, custom_config

    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    known = parse_pbtxt(schema, "the test") if schema else None
    config = proto_utils.proto_to_json(custom_config(settled(wanted, known), schema))
    properties = {"custom_config": config, "output_file_format": example_gen_pb2.FORMAT_TFRECORDS_GZIP}
    Executor().Do({}, {"examples": [artifact]}, {**properties, INSPECTED: digest})
    return artifact


@pytest.fixture(scope="module")
def adult(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return run(ADULT, tmp_path_factory.mktemp("adult"), inspect(ADULT).digest, CENSUS.read_text())


def test_the_artifact_says_what_tfx_says(adult: Any) -> None:
    assert json.loads(adult.split_names) == ["train", "eval", "test"]
    assert adult.get_string_custom_property("payload_format") == "FORMAT_TF_EXAMPLE"
    assert adult.get_string_custom_property("file_format") == "tfrecords_gzip"
    found = sorted(str(path.relative_to(adult.uri)) for path in Path(adult.uri).rglob("*") if path.is_file())
    splits = ("eval", "test", "train")
    kept = [*(f"distributions-{split}.npz" for split in splits), "leaks.json"]
    assert found == sorted([*(f"Split-{split}/data_tfrecord-00000-of-00001.gz" for split in splits), *kept])


def test_what_is_kept_says_which_splits_were_drawn_and_what_predicts_the_label(adult: Any) -> None:
    from schemas import distributions, leaks

    found = {s: distributions.read(Path(adult.uri) / distributions.file_name(s)) for s in ("train", "eval", "test")}
    assert {split: one.is_drawn for split, one in found.items() if one} == {"train": False, "eval": True, "test": False}
    alone = {one.column: one.value for one in leaks.read(adult.uri).columns}
    assert len(alone) == 14
    assert max(alone, key=lambda name: alone[name]) == "relationship"


def test_every_value_is_written_and_missing_ones_are_absent(tmp_path: Path) -> None:
    import tensorflow as tf

    lines = [
        ["" if i % 5 == 0 else cells[0], cells[1], "" if i % 7 == 0 else cells[2], cells[3]]
        for i, cells in enumerate(rows())
    ]
    wanted = source(write(tmp_path / "t.csv", lines))
    uri = Path(run(wanted, tmp_path / "out").uri)
    for split, table in load(wanted).items():
        files = [str(path) for path in (uri / f"Split-{split}").iterdir()]
        read = []
        for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
            features = tf.train.Example.FromString(record).features.feature
            read.append(
                {
                    name: getattr(value, value.WhichOneof("kind")).value[0]
                    for name, value in features.items()
                    if value.WhichOneof("kind")
                }
            )
        expected = [
            {
                name: value.encode() if isinstance(value, str) else value
                for name, value in row.items()
                if value is not None
            }
            for row in table.to_pylist()
        ]
        assert read == expected


def test_the_census_meets_its_contract_and_gaps_count_as_missing(adult: Any) -> None:
    import tensorflow_data_validation as tfdv

    schema = read_pbtxt(CENSUS)
    profile, missing = inspect(ADULT, schema), {}
    for split, rows_in_split in profile.rows.items():
        statistics = tfdv.generate_statistics_from_tfrecord(
            f"{adult.uri}/Split-{split}/*", stats_options=tfdv.StatsOptions(schema=schema)
        )
        assert statistics.datasets[0].num_examples == rows_in_split
        assert dict(tfdv.validate_statistics(statistics, schema, environment="TRAINING").anomaly_info) == {}
        for feature in statistics.datasets[0].features:
            stats = feature.string_stats if feature.HasField("string_stats") else feature.num_stats
            name = feature.path.step[0]
            missing[name] = missing.get(name, 0) + rows_in_split - stats.common_stats.num_non_missing
    assert missing == {column.name: column.missing for column in profile.columns}


def test_a_table_that_changed_since_inspection_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv")
    digest = inspect(source(path)).digest
    write(path, rows(190))
    with pytest.raises(DataError, match="changed after it was inspected"):
        run(source(path), tmp_path / "out", digest)
    assert not (tmp_path / "out").exists()
