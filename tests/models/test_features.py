import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from models.features import categories, derive, from_dtypes, numbers
from schemas.errors import DataError
from schemas.roles import Roles

ROLES = Roles(label="label", task="binary", classes=("a", "b"), weight="w", ids=("id",))


def schema(**types):
    proto = schema_pb2.Schema()
    for name, kind in types.items():
        proto.feature.add(name=name, type=kind)
    return proto


def test_label_weight_and_ids_are_never_features():
    proto = schema(label=schema_pb2.BYTES, w=schema_pb2.FLOAT, id=schema_pb2.INT, x=schema_pb2.FLOAT)
    assert [f.name for f in derive(proto, ROLES)] == ["x"]


def test_kind_follows_the_type():
    kinds = {f.name: f.kind for f in derive(schema(f=schema_pb2.FLOAT, i=schema_pb2.INT, t=schema_pb2.BYTES), ROLES)}
    assert kinds == {"f": "number", "i": "number", "t": "category"}


def test_schema_domains_refine_the_kind_and_roles_overrule_them():
    proto = schema(code=schema_pb2.INT, when=schema_pb2.BYTES)
    proto.feature[0].int_domain.is_categorical = True
    proto.feature[1].time_domain.string_format = "%Y-%m-%d"
    assert [f.kind for f in derive(proto, ROLES)] == ["category", "date"]
    overruled = Roles(label="label", task="binary", kinds={"code": "number"})
    assert [f.kind for f in derive(proto, overruled)] == ["number", "date"]


def test_order_does_not_depend_on_the_schema():
    one = from_dtypes({"b": "int64", "a": "string"}, ROLES)
    assert one == from_dtypes({"a": "string", "b": "int64"}, ROLES)


def test_columns_that_transform_never_parses_are_left_out():
    proto = schema(old=schema_pb2.FLOAT, x=schema_pb2.FLOAT)
    proto.feature[0].lifecycle_stage = schema_pb2.DEPRECATED
    assert [f.name for f in derive(proto, ROLES)] == ["x"]


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
