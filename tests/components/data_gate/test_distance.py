"""Distances by TFDV's arithmetic: what the gate judges and what the report shows are one number."""

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

from components.data_gate.core import Released
from components.data_gate.distance import drift, of_every_column, skew

RELEASED = Released(7, "r1", is_comparable=True)


def statistics(seed, **columns):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"size in cm": rng.normal(170, 10, 500), "plan": rng.choice(["a", "b"], 500)})
    return tfdv.generate_statistics_from_dataframe(frame.assign(**columns))


@pytest.fixture(scope="module")
def train():
    return statistics(0)


def schema(limit=0.1):
    made = schema_pb2.Schema()
    plan, size = made.feature.add(name="plan", type="BYTES"), made.feature.add(name="size in cm", type="FLOAT")
    for comparator in ("skew_comparator", "drift_comparator"):
        getattr(plan, comparator).infinity_norm.threshold = limit
        getattr(size, comparator).jensen_shannon_divergence.threshold = limit
    return made


def test_the_report_has_the_gates_numbers(train):
    other = statistics(1, plan="a")
    for judged, shown in (
        (skew(train, other, schema(), "test"), of_every_column(train, schema(), other=other)),
        (drift(train, other, schema(), RELEASED), of_every_column(train, schema(), before=other)),
    ):
        assert {(f.column, f.value, f.limit) for f in judged} == {(d.column, d.value, d.limit) for d in shown}
        assert {d.measure for d in shown} == {"l_infinity", "jensen_shannon"}


def test_a_column_without_a_comparator_is_measured_for_the_report_alone(train):
    other = statistics(1, plan="a")
    shown = {d.column: d for d in of_every_column(train, schema_pb2.Schema(), before=other)}
    assert shown["plan"].limit is None
    assert shown["plan"].value == pytest.approx(0.5, abs=0.06)
    assert shown["size in cm"].measure == "jensen_shannon"
    assert drift(train, other, schema_pb2.Schema(), RELEASED) == ()
    assert skew(train, other, schema_pb2.Schema(), "test") == ()


def test_the_limit_itself_is_allowed_and_just_past_it_is_not(train):
    other = statistics(1, plan="a")
    [at] = {f.value for f in drift(train, other, schema(), RELEASED) if f.column == "plan"}
    for limit, refused in ((at, False), (np.nextafter(at, 0), True)):
        [plan] = [f for f in drift(train, other, schema(limit), RELEASED) if f.column == "plan"]
        assert plan.is_anomaly is refused


@pytest.mark.parametrize("columns", [{"plan": np.nan}, {"plan": [None] * 500}])
def test_a_column_without_values_in_the_released_data_is_not_called_equal(train, columns):
    found = {f.column: f for f in drift(train, statistics(1, **columns), schema(), RELEASED)}
    assert found["plan"].kind == "drift_not_measured" or found["plan"].is_anomaly


def test_a_column_of_no_type_in_the_schema_is_told_not_to_be_measured(train):
    untyped = schema()
    untyped.feature[0].ClearField("type")
    found = {f.column: f.kind for f in drift(train, statistics(1), untyped, RELEASED)}
    assert found == {"plan": "drift_not_measured", "size in cm": "drift_jensen_shannon_divergence_high"}


def test_a_column_that_this_run_lacks_is_left_to_the_schema():
    rng = np.random.default_rng(0)
    train = tfdv.generate_statistics_from_dataframe(pd.DataFrame({"plan": rng.choice(["a", "b"], 500)}))
    assert {f.column for f in drift(train, statistics(1), schema(), RELEASED)} == {"plan"}
