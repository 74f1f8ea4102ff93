import pytest
import tensorflow as tf

from models import group_keys
from models.sensitive import values_of
from schemas.errors import DataError
from schemas.sensitive import SensitiveColumn

SEX, AGE = SensitiveColumn("sex"), SensitiveColumn("age", (25.0, 40.0))


def test_values_and_bins_are_joined_and_what_is_missing_is_empty():
    nan = float("nan")
    inputs = {
        "sex": tf.constant(["Female", "Male", "", "Male", "Male"]),
        "age": tf.constant([24.9, 25.0, 40.0, nan, 39.9]),
    }
    keys = group_keys.of_columns(inputs, (SEX, AGE)).numpy().tolist()
    found = [tuple(values_of(key, (SEX, AGE)).values()) for key in keys]
    assert found == [("Female", "<25"), ("Male", "25-40"), (None, ">=40"), ("Male", None), ("Male", "25-40")]


def test_a_number_written_as_text_is_binned_and_a_code_reads_as_a_whole_number():
    inputs = {"age": tf.constant(["30", "n/a"]), "code": tf.constant([1.0, 2.0])}
    assert group_keys.of_columns(inputs, (AGE, SensitiveColumn("code"))).numpy().tolist() == [b"25-40\x1f1", b"\x1f2"]


def test_a_column_that_the_table_lacks_is_named():
    with pytest.raises(DataError, match="column 'age'"):
        group_keys.of_columns({"sex": tf.constant(["Male"])}, (SEX, AGE))
