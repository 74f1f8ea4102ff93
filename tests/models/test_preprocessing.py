from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from models.features import DATE_PARTS, categories, from_dtypes, numbers
from models.plan import TrainingPlan
from models.rows import read
from models.served_names import served_names
from models.training import read_vocabulary
from models.vocabulary import FIRST_ID, MISSING_ID, RARE_ID
from schemas.errors import DataError
from schemas.roles import Roles
from tests.models import table

# TFT 1.21 divides 0 by 0 while it merges two batches in which a number column has no value; it then reads the NaN as 0.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
ROLES = Roles(
    label="y", task="binary", classes=("no", "yes"), kinds={"code": "category", "text number": "number", "d": "date"}
)


def frame():
    rows = 40
    return pd.DataFrame(
        {
            "n": [float(i) for i in range(rows)],
            "gap": [None if i % 2 else 5.0 for i in range(rows)],
            "no number": [float("nan")] * rows,
            "empty": pd.Series([None] * rows, dtype=object),
            "c": ["often"] * 25 + ["rare"] * 3 + [None] * 6 + [""] * 6,
            "code": [1] * 20 + [2] * 20,
            "stamp": [1_400_000_000 + i for i in range(rows)],
            "text number": ["1e3", " 2.5 ", "n/a", "-7"] * 10,
            "d": ["2014-05-16"] * rows,
            "lines": ["4 Park Av\nBath", "4 Park Av\\nBath", "4 Park Av\rBath", " 4 Park Av\r\nBath"] * 10,
            "y": ["no"] * 19 + ["yes"] * 19 + ["maybe", None],
        }
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return table.prepare(
        {"train": frame(), "eval": frame()},
        ROLES,
        {"min_category_rows": 5, "vocabulary_size": 10},
        tmp_path_factory.mktemp("t"),
    )


@pytest.fixture(scope="module")
def transform(prepared):
    return tft.TFTransformOutput(prepared.transform_graph)


@pytest.fixture(scope="module")
def features(transform):
    return from_dtypes({n: s.dtype.name for n, s in transform.raw_feature_spec().items()}, ROLES)


@pytest.fixture(scope="module")
def rows(prepared, transform, features):
    """The train rows with each category as an id of its own column."""
    rows = read(prepared.train_files, transform.transformed_feature_spec(), "train")
    local = read_vocabulary(features, transform, TrainingPlan()).local
    return replace(rows, categories=local[rows.categories])


def number(rows, features, name):
    return rows.numbers[:, numbers(features).index(*served_names([name]))]


def category(rows, features, name):
    column, point, part = name.partition(".")
    return rows.categories[:, categories(features).index(served_names([column])[0] + point + part)]


def test_numbers_are_standardised(rows, features):
    # The last two rows have no usable label and are not read; the moments are of all forty.
    expected = (np.arange(38) - 19.5) / np.std(np.arange(40))
    assert number(rows, features, "n") == pytest.approx(expected, abs=1e-5)


def test_time_stamps_survive_float32(rows, features):
    assert number(rows, features, "stamp") == pytest.approx((np.arange(38) - 19.5) / np.std(np.arange(40)), abs=1e-4)


def test_missing_numbers_are_nan_and_do_not_move_the_mean(rows, features):
    gap = number(rows, features, "gap")
    assert np.isnan(gap[1::2]).all()
    assert (gap[0::2] == 0).all()


def test_text_that_is_no_number_is_missing(rows, features):
    column = number(rows, features, "text number")
    assert np.isnan(column[2::4]).all()
    assert column[3] < column[1] < column[0]


def test_a_frequent_value_a_rare_value_and_a_missing_one_differ(rows, features):
    column = category(rows, features, "c")
    assert column[[0, 26, 30, 36]].tolist() == [FIRST_ID, RARE_ID, MISSING_ID, MISSING_ID]


def test_integer_codes_have_a_vocabulary(rows, features):
    assert len(set(category(rows, features, "code")[:38])) == 2


def test_a_column_without_any_value_is_all_missing(rows, features, transform):
    assert (category(rows, features, "empty") == MISSING_ID).all()
    sizes = read_vocabulary(features, transform, TrainingPlan()).sizes
    assert dict(zip(categories(features), sizes, strict=True))["empty"] == FIRST_ID


def test_a_table_whose_categories_are_all_empty_still_transforms(tmp_path):
    frame = pd.DataFrame({"e": pd.Series([None] * 8, dtype=object), "y": ["no", "yes"] * 4})
    prepared = table.prepare({"train": frame, "eval": frame}, ROLES, {}, tmp_path)
    transform = tft.TFTransformOutput(prepared.transform_graph)
    rows = read(prepared.train_files, transform.transformed_feature_spec(), "train")
    assert (rows.categories == MISSING_ID).all()
    assert read_vocabulary(from_dtypes({"e": "string"}, ROLES), transform, TrainingPlan()).sizes == (FIRST_ID,)


def test_a_column_without_any_number_is_all_missing(rows, features):
    assert np.isnan(number(rows, features, "no number")).all()


def test_dates_become_parts(rows, features):
    for part in DATE_PARTS:
        assert (category(rows, features, f"d.{part}") == FIRST_ID).all()


def test_label_is_the_index_in_classes_and_unknown_labels_are_not_read(rows):
    assert rows.label.tolist() == [0] * 19 + [1] * 19


def test_the_graph_runs_without_the_label(transform):
    spec = {n: s for n, s in transform.raw_feature_spec().items() if n != "y"}
    serialized = table.examples(frame().drop(columns="y")[:3])
    out = transform.transform_features_layer()(tf.io.parse_example(serialized, spec))
    assert set(out) == {"numbers", "categories"}
    assert out["numbers"].shape == (3, 6)


def test_a_split_without_labels_is_refused(tmp_path, transform):
    path = tmp_path / "none.gz"
    table.write_examples([], path)
    with pytest.raises(DataError, match="nothing to train on"):
        read([str(path)], transform.transformed_feature_spec(), "train")


def test_categories_with_line_breaks_are_known_and_told_apart(rows, features):
    assert len(set(category(rows, features, "lines").tolist()) - {MISSING_ID, RARE_ID}) == 4
