"""A regression label keeps what it says: 64-bit integers or text where 32-bit floats would round it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from schemas.errors import DataError
from sluicegate.tables.inspecting import Source, inspect, load
from sluicegate.tables.proposal.inference import infer


def table(folder: Path, label: object) -> Source:
    rng = np.random.default_rng(0)
    pd.DataFrame({"x": rng.normal(size=len(label)), "y": label}).to_csv(folder / "t.csv", index=False)
    return Source(str(folder / "t.csv"), "y", task="regression")


RNG = np.random.default_rng(1)
SECONDS = 1_700_000_000 + RNG.integers(0, 9000, 1200)


def of_type(folder: Path, label: object) -> tuple[pa.DataType, float]:
    source = table(folder, label)
    return load(source)["train"].column("y").type, inspect(source).roles.label_offset


def test_seconds_stay_whole_and_no_two_become_one(tmp_path: Path) -> None:
    source = table(tmp_path, SECONDS)
    tables = load(source)
    kept = np.concatenate([t.column("y").to_numpy() for t in tables.values()])
    assert sorted(kept.tolist()) == sorted(SECONDS.tolist())
    assert len(np.unique(kept)) > 1000
    assert len(np.unique(kept.astype(np.float32))) < 200
    offset = inspect(source).roles.label_offset
    assert abs(offset - SECONDS.mean()) < 500
    assert offset == round(offset)


def test_decimals_beside_large_numbers_stay_as_text(tmp_path: Path) -> None:
    label = SECONDS + 0.125
    source = table(tmp_path, label)
    kept = [float(t) for part in load(source).values() for t in part.column("y").to_pylist()]
    assert sorted(kept) == sorted(label.tolist())
    assert inspect(source).roles.label_offset > 1e9


@pytest.mark.parametrize(
    "label",
    [
        RNG.normal(size=300),
        20.0 + RNG.normal(size=300) * 3,
        RNG.integers(0, 60_000, 300),
        np.round(RNG.lognormal(11, 1, 300)),
    ],
    ids=["normal", "degrees", "counts", "prices"],
)
def test_ordinary_labels_are_floats_without_an_offset(tmp_path: Path, label: object) -> None:
    assert of_type(tmp_path, label) == (pa.float32(), 0.0)


def test_the_schema_that_is_proposed_keeps_them(tmp_path: Path) -> None:
    from tensorflow_metadata.proto.v0 import schema_pb2

    for label, kind in ((SECONDS, schema_pb2.INT), (SECONDS + 0.125, schema_pb2.BYTES)):
        source = table(tmp_path, label)
        schema = infer(inspect(source))
        [feature] = [f for f in schema.feature if f.name == "y"]
        assert feature.type == kind
        assert not feature.string_domain.value
        again = inspect(source, schema)
        assert again.roles.label_offset == inspect(source).roles.label_offset


def test_an_older_schema_is_obeyed_and_what_it_loses_is_said(tmp_path: Path) -> None:
    from tensorflow_metadata.proto.v0 import schema_pb2

    source = table(tmp_path, SECONDS)
    schema = infer(inspect(source))
    for feature in schema.feature:
        feature.type = schema_pb2.FLOAT
    profile = inspect(source, schema)
    assert load(source, schema)["train"].column("y").type == pa.float32()
    assert profile.roles.label_offset == 0.0
    [note] = [one for one in profile.notes if "32-bit floats" in one]
    assert "set type: INT" in note


def test_a_schema_of_whole_numbers_does_not_take_decimals(tmp_path: Path) -> None:
    from tensorflow_metadata.proto.v0 import schema_pb2

    source = table(tmp_path, RNG.normal(size=100))
    schema = infer(inspect(source))
    for feature in schema.feature:
        feature.type = schema_pb2.INT if feature.name == "y" else feature.type
    with pytest.raises(DataError) as caught:
        inspect(source, schema)
    assert "whole numbers" in str(caught.value.problems)
