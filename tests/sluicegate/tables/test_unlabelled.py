import json

import pytest
import tensorflow as tf
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from components.example_gen.executor import INSPECTED, BatchExecutor, batch_config
from schemas.errors import DataError
from schemas.predictions import ROW
from schemas.reading import Reading
from sluicegate.tables import inspecting as core
from sluicegate.tables.columns import unlabelled
from sluicegate.tables.columns.stated import stated
from sluicegate.tables.source import Source
from tests.settled_source import settled

MISSING = tuple(word for word in core.MISSING if word)
READINGS = {
    "id": Reading(missing=MISSING),
    "age": Reading("int", MISSING),
    "size": Reading("float", MISSING),
    "city": Reading(missing=MISSING),
    "flag": Reading(missing=MISSING, boolean=True),
}


def source(path, **more):
    return Source(str(path), label="y", ids=("id",), **more)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("city,flag,size,age,id,other\n a ,TRUE,1.5,3,007,x\nTrue,false,,?,8,y\n")
    return path


def test_types_are_those_that_training_settled(table):
    found = unlabelled.load_unlabelled(source(table), READINGS)
    assert found.to_pydict() == {
        "id": ["007", "8"], "age": [3, None], "size": [1.5, None], "city": ["a", "True"], "flag": ["true", "false"],
        ROW: [1, 2],
    }  # fmt: skip
    assert [str(kind) for kind in found.schema.types] == ["string", "int64", "float", "string", "string", "int64"]


def test_types_come_from_the_inspected_table(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"{n},{n / 2},t{n % 3},{'True' if n % 2 else 'FALSE'},{n % 2},k{n},1" for n in range(60)]
    path.write_text("\n".join(["age,size,city,flag,y,id,w", *rows]) + "\n")
    roles = stated(settled(Source(str(path), label="y", ids=("id",), weight="w"))).roles
    assert unlabelled.readings_of(roles) == READINGS


def test_all_that_is_wrong_is_said_at_once(table):
    table.write_text("city,flag,size,age,id\na,true,tall,3.5,1\n")
    with pytest.raises(DataError) as caught:
        unlabelled.load_unlabelled(source(table), READINGS)
    assert [problem.got.split(";")[0] for problem in caught.value.problems] == ["'3.5'", "'tall'"]
    assert f"{table}, line 2, column 'size'" in str(caught.value)


def test_columns_are_looked_for_before_anything_starts(table):
    with pytest.raises(DataError, match=r"(?s)'height'.*no such column"):
        unlabelled.check(source(table), {**READINGS, "height": Reading("float")})
    with pytest.raises(DataError, match=r"batch_scoring\.path"):
        unlabelled.check(source(table.with_name("none")), READINGS)


def written(table, folder, digest):
    made = standard_artifacts.Examples()
    made.uri = str(folder)
    config = batch_config(source(table), READINGS)
    BatchExecutor().Do(
        {}, {"examples": [made]}, {"custom_config": proto_utils.proto_to_json(config), INSPECTED: digest}
    )
    return made


def test_the_executor_writes_one_split(table, tmp_path):
    made = written(table, tmp_path / "examples", unlabelled.check(source(table), READINGS))
    assert json.loads(made.split_names) == ["batch"]
    [path] = (tmp_path / "examples" / "Split-batch").iterdir()
    first, second = map(tf.train.Example.FromString, tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator())
    assert first.features.feature["id"].bytes_list.value == [b"007"]
    assert first.features.feature["flag"].bytes_list.value == [b"true"]
    assert second.features.feature["size"].WhichOneof("kind") is None
    assert second.features.feature[ROW].int64_list.value == [2]


def test_a_table_that_changed_is_refused(table, tmp_path):
    digest = unlabelled.check(source(table), READINGS)
    table.write_text(table.read_text() + "b,true,1,1,9,z\n")
    with pytest.raises(DataError, match="changed after it was inspected"):
        written(table, tmp_path / "examples", digest)
