import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from models import fitting, network
from models.features import from_dtypes
from models.network import NetworkAnswer
from tests.models import table
from tests.models.conftest import ODD_ROLES


def serve_examples(trained, frame):
    unlabelled = frame.drop(columns=trained.roles.label)
    served = trained.loaded.signatures["serving_default"](examples=tf.constant(table.examples(unlabelled)))
    return served["scores"].numpy()


def raw_inputs(trained, frame):
    """Columns as a REST client sends them: text with '' and float64 with NaN for what is missing."""
    inputs = {}
    for name, place in trained.description["inputs"].items():
        column = frame[name]
        is_text = place["dtype"] == "string"
        values = column.fillna("").to_numpy() if is_text else column.to_numpy(np.float64)
        inputs[place["input"]] = tf.constant(values, tf.string if is_text else tf.float64)
    return inputs


def serve_raw(trained, frame):
    return trained.loaded.signatures["serving_raw"](**raw_inputs(trained, frame))["scores"].numpy()


def test_odd_names_are_sanitised_and_the_map_is_kept(odd):
    inputs = {name: place["input"] for name, place in odd.description["inputs"].items()}
    assert set(inputs) == set(odd.splits["train"].columns) - {"label/text", "row weight", "customer id"}
    assert inputs["Größe in m"].startswith("Grosse_in_m_")
    assert inputs["2nd/flag"].startswith("x2nd_flag_")
    assert (inputs["a-b"], inputs["a b"]) == ("a_b", "a_b_c8687a08")
    assert odd.description["columns"] == {key: name for name, key in inputs.items()}
    assert all(key.isidentifier() and key.isascii() for key in inputs.values())


def test_description_agrees_with_the_features_of_the_schema(odd):
    kinds = {"i": "int64", "u": "int64", "f": "float32"}
    dtypes = {name: kinds.get(column.dtype.kind, "string") for name, column in odd.splits["train"].items()}
    features = from_dtypes(dtypes, ODD_ROLES)
    described = {n: (p["input"], p["kind"], p["example_dtype"]) for n, p in odd.description["inputs"].items()}
    assert described == {f.name: (f.key, f.kind, f.dtype) for f in features}
    assert odd.description["classes"] == ["nein", "ja"]


@pytest.mark.parametrize("name", ["odd", "penguins", "wave"])
def test_both_serving_signatures_agree(name, request):
    trained = request.getfixturevalue(name)
    frame = trained.splits["test"]
    assert serve_raw(trained, frame) == pytest.approx(serve_examples(trained, frame), abs=1e-6)


def test_served_scores_are_the_networks_own(odd, monkeypatch):
    from models import training
    from tests.models.conftest import fn_args

    seen = []
    fit = fitting.fit
    monkeypatch.setattr(fitting, "fit", lambda *args: seen.append(fit(*args)) or seen[-1])
    folder = odd.folder / "again"
    training.run_fn(fn_args(odd.prepared, folder))
    transform = tft.TFTransformOutput(odd.prepared.transform_graph)
    _, held_out = training.read_splits(fn_args(odd.prepared, folder), transform)
    direct = fitting.score(seen[0].model, held_out, seen[0].answer)
    served = tf.saved_model.load(str(folder / "model")).signatures["serving_default"]
    records = tf.constant(table.examples(odd.splits["eval"]))
    assert served(examples=records)["scores"].numpy() == pytest.approx(direct, abs=1e-6)


@pytest.mark.parametrize("name", ["odd", "penguins"])
def test_scores_are_probabilities_that_sum_to_one(name, request):
    trained = request.getfixturevalue(name)
    scores = serve_examples(trained, trained.splits["test"])
    assert scores.shape[1] == len(trained.roles.classes)
    assert scores.dtype == np.float32
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (scores >= 0).all()


def test_rows_with_everything_missing_and_values_never_seen_are_still_scored(odd):
    nothing = tf.constant([tf.train.Example().SerializeToString()] * 2)
    assert np.isfinite(odd.loaded.signatures["serving_default"](examples=nothing)["scores"].numpy()).all()
    unseen = {"2nd/flag": "never seen", "日付": "not a date", "always the same": 9}
    frame = odd.splits["test"].head(3).assign(**unseen)
    assert np.isfinite(serve_raw(odd, frame)).all()


def test_an_empty_batch_gives_no_rows(odd):
    scores = odd.loaded.signatures["serving_default"](examples=tf.constant([], tf.string))["scores"]
    assert scores.shape == (0, 2)


def test_transform_features_answers_label_and_weight(odd):
    frame = odd.splits["test"].head(20)
    out = odd.loaded.signatures["transform_features"](examples=tf.constant(table.examples(frame)))
    assert set(out) == {"label", "weight"}
    assert out["label"].numpy()[:, 0].tolist() == [int(v == "ja") for v in frame["label/text"]]
    assert out["weight"].numpy()[:, 0].tolist() == frame["row weight"].tolist()


def test_regression_answers_in_the_labels_unit(wave):
    scores = serve_examples(wave, wave.splits["test"])
    assert scores.shape == (300, 1)
    assert 70 < scores.min() < 90
    assert 110 < scores.max() < 130
    assert wave.loaded.signatures["transform_features"](
        examples=tf.constant(table.examples(wave.splits["test"].head(2)))
    )["label"].numpy()[:, 0] == pytest.approx(wave.splits["test"]["y"].head(2).to_numpy(np.float32))


def test_a_label_that_float32_would_round_is_answered_in_float64(late, wave):
    frame = late.splits["test"]
    scores = serve_examples(late, frame)
    assert scores.dtype == np.float64
    assert np.abs(serve_raw(late, frame) - scores).max() < 0.01
    error = np.sqrt(np.mean((scores[:, 0] - frame.y) ** 2))
    assert error < 600, error
    assert len(np.unique(scores)) > 250
    label = late.loaded.signatures["transform_features"](examples=tf.constant(table.examples(frame)))["label"].numpy()
    assert label.dtype == np.float64
    assert np.abs(label[:, 0] - frame.y).max() < 0.001
    assert late.description["score_dtype"] == "float64"
    assert "score_dtype" not in wave.description
    assert serve_examples(wave, wave.splits["test"]).dtype == np.float32


def test_the_model_carries_its_threshold(odd, penguins):
    assert odd.loaded.decision_threshold.numpy() == pytest.approx(odd.description["threshold"])
    assert np.isnan(penguins.loaded.decision_threshold.numpy())
    assert penguins.description["threshold"] is None


def test_another_process_loads_it_without_our_code(odd):
    record = table.examples(odd.splits["test"].head(1))[0]
    program = (
        "import sys, tensorflow as tf; m = tf.saved_model.load(sys.argv[1]); "
        "r = tf.constant([bytes.fromhex(sys.argv[2])]); "
        "print(float(m.signatures['serving_default'](examples=r)['scores'][0, 1])); "
        "assert not [n for n in sys.modules if n.split('.')[0] in ('models', 'tensorflow_transform')]"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(odd.folder / "model"), record.hex()],
        capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    assert float(answer.stdout.split()[-1]) == pytest.approx(
        serve_examples(odd, odd.splits["test"].head(1))[0, 1], abs=1e-6
    )


def test_no_signature_calls_back_into_python(odd):
    proto = (odd.folder / "model" / "saved_model.pb").read_bytes()
    assert b"PyFunc" not in proto


def test_regression_scores_undo_the_standardisation():
    logits = tf.constant([[[1.0], [3.0]]])
    answer = NetworkAnswer("regression", 1, np.zeros(1, np.float32), location=10.0, scale=2.0)
    assert network.scores(logits, answer).numpy().tolist() == [[14.0]]
