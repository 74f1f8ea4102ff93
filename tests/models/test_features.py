import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from models.features import categories, from_dtypes, numbers, settle
from schemas.errors import DataError
from schemas.roles import Roles

ROLES = Roles(label="label", task="binary", classes=("a", "b"), weight="w", ids=("id",))


def test_label_weight_and_ids_are_never_features():
    dtypes = {"label": "string", "w": "float32", "id": "int64", "x": "float32"}
    assert [f.name for f in from_dtypes(dtypes, ROLES)] == ["x"]


def test_kind_follows_the_type():
    kinds = {f.name: f.kind for f in from_dtypes({"f": "float32", "i": "int64", "t": "string"}, ROLES)}
    assert kinds == {"f": "number", "i": "number", "t": "category"}


def test_schema_domains_refine_the_kind_and_roles_overrule_them():
    schema = schema_pb2.Schema()
    schema.feature.add(name="code", type=schema_pb2.INT).int_domain.is_categorical = True
    schema.feature.add(name="when", type=schema_pb2.BYTES).time_domain.string_format = "%Y-%m-%d"
    assert settle(schema, ROLES).kinds == {"code": "category", "when": "date"}
    overruled = Roles(label="label", task="binary", kinds={"code": "number"})
    assert settle(schema, overruled).kinds == {"code": "number", "when": "date"}


def test_order_does_not_depend_on_the_schema():
    one = from_dtypes({"b": "int64", "a": "string"}, ROLES)
    assert one == from_dtypes({"a": "string", "b": "int64"}, ROLES)


@pytest.mark.parametrize(
    ("dtypes", "kinds", "words"),
    [
        ({"x": "float32"}, {"x": "colour"}, "kind 'colour'"),
        ({"x": "float32"}, {"x": "date"}, "kind date with type float32"),
        ({"x": ""}, {}, "type unknown"),
        ({"label": "string"}, {}, "no feature column"),
    ],
)
def test_unusable_columns_are_refused_with_their_name(dtypes, kinds, words):
    with pytest.raises(DataError) as caught:
        from_dtypes(dtypes, Roles(label="label", task="binary", kinds=kinds))
    assert words in str(caught.value)


def test_dates_feed_both_tensors():
    features = from_dtypes(
        {"n": "int64", "c": "string", "d": "string"}, Roles(label="y", task="binary", kinds={"d": "date"})
    )
    assert numbers(features) == ("n", "d")
    assert categories(features) == ("c", "d.month", "d.weekday", "d.hour")
