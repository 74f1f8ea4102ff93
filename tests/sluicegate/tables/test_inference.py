"""The first schema: what it asks for, and how much noise it forgives."""

from __future__ import annotations

import pytest

from schemas.roles import Roles
from schemas.table import Column, TableProfile
from sluicegate.tables.proposal.inference import infer, lowest_presence

ROWS = {"train": 8000, "eval": 1000, "test": 1000}
COLUMNS = (
    Column("age", "int", "number", distinct=70, low=17, high=90),
    Column("gain", "float", "number", distinct=70),
    Column("city", "text", "category", distinct=2, missing=400, values=("Bonn", "Ulm")),
    Column("free", "text", "category", distinct=900),
    Column("zip", "int", "category", distinct=90),
    Column("day", "text", "date", distinct=300, date_format="%Y-%m-%d"),
    Column("seen", "int", "date", distinct=300, date_format="unix_seconds"),
    Column("row", "text", "category", "id", distinct=10000),
    Column("w", "float", "number", "weight", distinct=10),
    Column("label", "text", "category", "label", distinct=2, values=("no", "yes")),
)
PROFILE = TableProfile(Roles("label", "binary", ("no", "yes"), "w", ("row",)), COLUMNS, ROWS, "00")


def test_types_and_domains() -> None:
    features = {feature.name: feature for feature in infer(PROFILE).feature}
    types = {
        name: feature.Type.Name(feature.type) if hasattr(feature, "Type") else feature.type
        for name, feature in features.items()
    }
    assert types == {
        "age": 2,
        "gain": 3,
        "city": 1,
        "free": 1,
        "zip": 2,
        "day": 1,
        "seen": 2,
        "row": 1,
        "w": 3,
        "label": 1,
    }
    assert list(features["city"].string_domain.value) == ["Bonn", "Ulm"]
    assert features["city"].distribution_constraints.min_domain_mass == 0.99
    assert not features["free"].HasField("string_domain")
    assert features["zip"].int_domain.is_categorical
    assert features["day"].time_domain.string_format == "%Y-%m-%d"
    assert features["seen"].time_domain.integer_format == 1
    assert list(features["label"].string_domain.value) == ["no", "yes"]
    assert not features["label"].HasField("distribution_constraints")


def test_the_label_and_the_weight_are_not_asked_for_when_serving() -> None:
    schema = infer(PROFILE)
    assert list(schema.default_environment) == ["TRAINING", "SERVING"]
    assert [feature.name for feature in schema.feature if "SERVING" in feature.not_in_environment] == ["w", "label"]


def test_drift_is_measured_where_it_means_something() -> None:
    measured = {}
    for feature in infer(PROFILE).feature:
        assert feature.drift_comparator == feature.skew_comparator or not feature.HasField("drift_comparator")
        measured[feature.name] = (
            feature.drift_comparator.infinity_norm.threshold,
            feature.drift_comparator.jensen_shannon_divergence.threshold,
        )
    assert measured == {
        "age": (0, 0.1),
        "gain": (0, 0.1),
        "city": (0.1, 0),
        "free": (0.1, 0),
        "zip": (0.1, 0),
        "day": (0, 0),
        "seen": (0, 0),
        "row": (0, 0),
        "w": (0, 0.1),
        "label": (0.1, 0),
    }


@pytest.mark.parametrize(
    ("missing", "smallest", "wanted"),
    [(0, 1000, 1.0), (1, 1000, 0.94), (1000, 10_000, 0.85), (5000, 100, 0.35), (9999, 1000, 0.0)],
)
def test_presence_leaves_room_only_where_something_is_missing(missing: int, smallest: int, wanted: float) -> None:
    assert lowest_presence(Column("x", "int", "number", missing=missing), 10_000, smallest) == wanted
