"""Thresholds per group in the exported model: what it serves decides as the plan says."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from models import training
from models.decision import DecisionRule
from models.rows import read
from schemas.predictions import Answers
from schemas.roles import Roles
from tests.models import table
from tests.models.conftest import QUICK, fn_args, train
from tests.models.test_signatures import serve_examples, serve_raw

#: The sensitive column is an id: never a feature, and yet needed in every request.
ROLES = Roles(label="y", task="binary", classes=("no", "yes"), ids=("the group",), weight="w")
SENSITIVE = ({"column": "the group", "bins": []}, {"column": "age", "bins": [40]})
THRESHOLDS = {**QUICK, "mitigation": "thresholds", "mitigation_of": ["the group", "age"]}


def rows(n, seed):
    draw = np.random.default_rng(seed)
    group, age = draw.choice(["a", "b"], n, p=[0.6, 0.4]), draw.integers(20, 60, n).astype(float)
    signal = draw.normal(size=n)
    proxy = (group == "a") + 0.3 * draw.normal(size=n)
    label = signal + 1.2 * (group == "a") + 0.4 * (age >= 40) + 0.8 * draw.normal(size=n) > 1
    frame = pd.DataFrame(
        {"signal": signal, "proxy": proxy, "age": age, "the group": group, "w": draw.choice([1.0, 3.0], n)}
    )
    frame["y"] = np.where(label, "yes", "no")
    frame.loc[frame.index % 40 == 0, "the group"] = None
    return frame


SPLITS = {"train": rows(3000, 1), "eval": rows(1500, 2), "test": rows(3000, 3)}


@pytest.fixture(scope="module")
def fair(tmp_path_factory):
    return train(SPLITS, ROLES, tmp_path_factory.mktemp("fair"), THRESHOLDS, SENSITIVE)


@pytest.fixture(scope="module")
def plain(fair, tmp_path_factory):
    """The same network without its thresholds per group."""
    folder = tmp_path_factory.mktemp("plain")
    prepared = replace(fair.prepared, custom_config={**fair.prepared.custom_config, "training": json.dumps(QUICK)})
    training.run_fn(fn_args(prepared, folder))
    return replace(fair, prepared=prepared, folder=folder)


def key(frame):
    return list(zip(frame["the group"].fillna("").to_numpy(), np.where(frame["age"] >= 40, ">=40", "<40"), strict=True))


def decide(trained, scores):
    return Answers("binary", trained.roles.classes, trained.description["threshold"]).decide(scores) == "yes"


def test_every_signature_decides_by_each_groups_own_threshold(fair, plain):
    frame = fair.splits["test"]
    unmoved, served = serve_examples(plain, frame), serve_examples(fair, frame)
    said = fair.description["thresholds"]
    own = {(g["group"]["the group"] or "", g["group"]["age"]): g["threshold"] for g in said["by_group"]}
    cut = np.array([own.get(one, said["other_groups"]) for one in key(frame)])
    wanted = unmoved[:, 1] >= cut
    assert (decide(fair, served) == wanted).all()
    assert (decide(fair, serve_raw(fair, frame)) == wanted).all()
    assert (wanted != decide(plain, unmoved)).mean() > 0.05
    assert served.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_groups_keep_their_order_and_come_together(fair, plain):
    frame = fair.splits["test"]
    unmoved, served = serve_examples(plain, frame)[:, 1], serve_examples(fair, frame)[:, 1]
    names = pd.Series(["|".join(one) for one in key(frame)])
    for name in names.unique():
        own = (names == name).to_numpy()
        assert (np.diff(served[own][np.argsort(unmoved[own])]) >= 0).all()
    told = names[names.str[0] != "|"].index
    weight = frame["w"].to_numpy()

    def ratio(is_selected):
        of_groups = [np.average(is_selected[i], weights=weight[i]) for i in names[told].groupby(names).groups.values()]
        return min(of_groups) / max(of_groups)

    assert ratio(decide(plain, serve_examples(plain, frame))) < 0.6
    assert ratio(decide(fair, serve_examples(fair, frame))) > 0.8


@pytest.mark.parametrize("value", [None, "never seen", ""])
def test_groups_without_a_threshold_of_their_own_have_the_common_one(fair, plain, value):
    frame = fair.splits["test"].head(200).assign(**{"the group": value})
    assert (serve_raw(fair, frame) == serve_raw(plain, frame)).all()
    assert (serve_examples(fair, frame) == serve_examples(plain, frame)).all()


def test_the_model_says_what_it_needs(fair, plain):
    said = fair.description
    assert said["mitigation"]["needs_columns_at_serving"]
    assert said["inputs"]["the group"]["input"].startswith("the_group_")
    assert set(said["inputs"]) == {"signal", "proxy", "age", "the group"}
    assert {g["group"]["age"] for g in said["thresholds"]["by_group"]} == {"<40", ">=40"}
    assert {g["group"]["the group"] for g in said["thresholds"]["by_group"]} == {"a", "b"}
    assert not {"mitigation", "thresholds"} & set(plain.description)
    assert "the group" not in plain.description["inputs"]
    assert fair.notes["hyperparameters"]["thresholds"] == said["thresholds"]


def test_transform_features_still_answers_label_and_weight_alone(fair):
    records = tf.constant(table.examples(fair.splits["test"].head(5)))
    assert set(fair.loaded.signatures["transform_features"](examples=records)) == {"label", "weight"}


def test_the_group_of_a_row_is_text_bin_or_missing(fair):
    transform = tft.TFTransformOutput(fair.prepared.transform_graph)
    found = read(fair.prepared.eval_files, transform.transformed_feature_spec(), "eval").group
    assert found.tolist() == ["\x1f".join(one).encode() for one in key(fair.splits["eval"])]


def test_without_a_mitigation_transform_says_no_groups(odd):
    transform = tft.TFTransformOutput(odd.prepared.transform_graph)
    assert "group" not in transform.transformed_feature_spec()


def test_a_score_reaches_the_common_threshold_where_it_reached_its_groups():
    decision = DecisionRule(0.4, {b"a": 0.1, b"b": 0.9})
    near = np.array([0.1 - 1e-4, 0.1 + 1e-4, 0.9 - 1e-4, 0.9 + 1e-4, 0.4 - 1e-4, 0.4 + 1e-4, 0.0, 1.0], np.float32)
    group = tf.constant([b"a", b"a", b"b", b"b", b"c", b"", b"a", b"b"])
    served = decision.served(tf.constant(np.stack([1 - near, near], 1)), group).numpy()
    assert (served[:, 1] >= 0.4).tolist() == [False, True, False, True, False, True, False, True]
    assert np.isfinite(served).all()
    assert served[4:6, 1].tolist() == near[4:6].tolist()


def test_one_threshold_for_all_needs_no_group(fair, tmp_path):
    config = {"training": json.dumps({**THRESHOLDS, "mitigation_thresholds": "one", "mitigation_strength": 0.5})}
    prepared = replace(fair.prepared, custom_config={**fair.prepared.custom_config, **config})
    training.run_fn(fn_args(prepared, tmp_path))
    one = replace(fair, prepared=prepared, folder=tmp_path)
    assert not one.description["mitigation"]["needs_columns_at_serving"]
    assert "the group" not in one.description["inputs"]
    assert "thresholds" not in one.description
    assert np.isfinite(serve_raw(one, one.splits["test"].head(10))).all()
