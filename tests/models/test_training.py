import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from models import decision, fitting, training
from models.fitting import fit
from models.network import NetworkAnswer
from models.plan import TrainingPlan
from models.rows import ModelRows
from models.vocabulary import Vocabulary
from schemas import progress
from schemas.evidence import TrainingEvidence, read
from tests.models import table
from tests.models.conftest import fn_args
from tests.models.test_signatures import serve_examples

NONE = Vocabulary((), np.zeros(2, np.int64))
PLAN = TrainingPlan(epochs=6, layers=(16,), members=2, max_knots=8, seed=5)


def toy(rows=600, seed=0):
    """A label that is the exclusive or of two numbers' signs: no linear model beats a coin."""
    draw = np.random.default_rng(seed)
    numbers = draw.uniform(-1, 1, (rows, 2)).astype(np.float32)
    label = ((numbers[:, 0] > 0) ^ (numbers[:, 1] > 0)).astype(np.int64)
    return ModelRows(numbers, np.zeros((rows, 0), np.int64), label, np.ones(rows, np.float32))


def accuracy(scores, rows):
    return (scores.argmax(1) == rows.label).mean()


def test_hidden_layers_learn_what_a_linear_model_cannot():
    train, held_out = toy(), toy(400, 1)
    answer = NetworkAnswer.fitted("binary", 2, train)
    deep = fit(train, held_out, NONE, answer, replace(PLAN, epochs=30, layers=(32, 32), patience=30, dropout=0.0))
    linear = fit(train, held_out, NONE, answer, replace(PLAN, epochs=30, layers=(), patience=30))
    assert accuracy(fitting.score(deep.model, held_out, answer), held_out) > 0.93
    assert accuracy(fitting.score(linear.model, held_out, answer), held_out) < 0.65


def test_weights_decide_between_contradicting_rows():
    rows = 400
    label = np.tile([0, 1], rows // 2)
    weight = np.where(label == 1, 9.0, 1.0).astype(np.float32)
    train = ModelRows(np.zeros((rows, 1), np.float32), np.zeros((rows, 0), np.int64), label, weight)
    answer = NetworkAnswer.fitted("binary", 2, train)
    fitted = fit(train, train, NONE, answer, replace(PLAN, epochs=10))
    assert fitting.score(fitted.model, train, answer)[:, 1] == pytest.approx(0.9, abs=0.03)


def test_a_small_table_gets_a_small_network():
    def parameters(rows):
        train = toy(rows)
        model = fit(train, train, NONE, NetworkAnswer.fitted("binary", 2, train), TrainingPlan(epochs=1)).model
        return sum(int(np.prod(v.shape)) for v in model.trainable_variables)

    small, large = parameters(100), parameters(4000)
    assert small < large / 8
    # Four networks of two layers of 48, on two columns of 16 units.
    assert small < 4 * (48 * (2 * 16 + 1) + 48 * 49 + 2 * 49) + 2 * 16 * 13


def test_training_stops_when_eval_no_longer_gains():
    train = toy(200)
    noise = replace(toy(200, 1), label=np.random.default_rng(2).integers(0, 2, 200))
    heard = []
    with progress.listening(heard.append):
        fitted = fit(train, noise, NONE, NetworkAnswer.fitted("binary", 2, train), replace(PLAN, epochs=60, patience=2))
    assert [one.eval_loss for one in heard] == list(fitted.history["val_loss"]), "every epoch is told, as it ends"
    assert heard[-1].best_epoch == fitted.best_epoch
    assert [one.epoch for one in heard] == list(range(1, len(heard) + 1))
    assert len(fitted.history["val_loss"]) == fitted.best_epoch + 2 < 60


def test_the_kept_weights_are_those_of_the_best_epoch():
    from models import curves

    train, held_out = toy(300), toy(100, 1)
    answer = NetworkAnswer.fitted("binary", 2, train)
    fitted = fit(train, held_out, NONE, answer, PLAN)
    loss = curves.of_epoch(fitting.score(fitted.model, held_out, answer), held_out, answer)["val_loss"]
    assert loss == pytest.approx(min(fitted.history["val_loss"]), abs=1e-6)
    assert fitted.history["val_loss"][fitted.best_epoch - 1] == min(fitted.history["val_loss"])


def test_many_values_get_a_learned_vector_and_unseen_ids_score_like_the_average():
    draw = np.random.default_rng(0)
    ids = draw.integers(2, 200, (4000, 1))
    label = (ids[:, 0] % 2).astype(np.int64)
    train = ModelRows(np.zeros((4000, 0), np.float32), ids, label, np.ones(4000, np.float32))
    answer = NetworkAnswer.fitted("binary", 2, train)
    fitted = fit(train, train, Vocabulary((200,), np.arange(200)), answer, replace(PLAN, epochs=20))
    assert accuracy(fitting.score(fitted.model, train, answer), train) > 0.95
    unseen = ModelRows(np.zeros((2, 0), np.float32), np.array([[0], [1]]), np.array([0, 1]), np.ones(2, np.float32))
    assert (np.abs(fitting.score(fitted.model, unseen, answer)[:, 1] - 0.5) < 0.45).all()


def test_a_column_that_goes_missing_only_at_serving_reads_as_its_median():
    train = toy()
    answer = NetworkAnswer.fitted("binary", 2, train)
    fitted = fit(train, train, NONE, answer, PLAN)
    numbers = train.numbers[:5].copy()
    numbers[:, 0] = np.nan
    filled = numbers.copy()
    filled[:, 0] = np.median(train.numbers[:, 0])
    few = [ModelRows(n, train.categories[:5], train.label[:5], train.weight[:5]) for n in (numbers, filled)]
    first, second = (fitting.score(fitted.model, rows, answer) for rows in few)
    assert first == pytest.approx(second, abs=1e-6)


def test_odd_table_beats_the_constant_predictor(odd):
    test = odd.splits["test"]
    label = (test["label/text"] == "ja").to_numpy()
    right = (serve_examples(odd, test)[:, 1] >= odd.description["threshold"]) == label
    assert right.mean() > max(label.mean(), 1 - label.mean()) + 0.3


def test_penguins_are_told_apart(penguins):
    test = penguins.splits["test"]
    picked = np.array(penguins.roles.classes)[serve_examples(penguins, test).argmax(1)]
    assert (picked == test["species"]).mean() > 0.95


def test_regression_explains_most_of_the_variance(wave):
    label = wave.splits["test"]["y"].to_numpy()
    residual = serve_examples(wave, wave.splits["test"])[:, 0] - label
    assert 1 - (residual**2).mean() / label.var() > 0.95


def test_evidence_reads_back(odd, penguins, wave):
    for trained, curve in ((odd, "val_auc"), (penguins, "val_accuracy"), (wave, "val_rmse")):
        notes = read(TrainingEvidence, trained.folder / "run")
        assert len(notes.history["loss"]) == len(notes.history["val_loss"]) == len(notes.history[curve])
        assert 1 <= notes.best_epoch <= len(notes.history["loss"])
        assert notes.parameters > 0
        assert "seed" in notes.deterministic_given


def test_the_tuners_values_overrule_the_plan():
    chosen = {"values": {"layers": "64-32", "dropout": 0.0, "tuner/epochs": 3}}
    assert training.tuned(PLAN, chosen) == replace(PLAN, layers=(64, 32), dropout=0.0)
    assert training.tuned(PLAN, None) == PLAN


def test_a_threshold_in_the_plan_is_taken_as_it_is():
    rows = toy(50)
    assert decision.fit(np.full((50, 2), 0.5, np.float32), rows, replace(PLAN, threshold=0.3)).threshold == 0.3


PROGRAM = """
import json, sys
from types import SimpleNamespace
from models import training
training.run_fn(SimpleNamespace(**json.loads(sys.argv[1])))
"""


def test_another_process_with_the_same_seed_trains_the_same_model(odd, tmp_path):
    project = Path(__file__).resolve().parents[2]
    args = json.dumps(vars(fn_args(odd.prepared, tmp_path)))
    subprocess.run([sys.executable, "-c", PROGRAM, args], check=True, cwd=project, capture_output=True)
    again = json.loads((tmp_path / "run" / "training.json").read_text())
    assert again["history"] == odd.notes["history"]
    records = tf.constant(table.examples(odd.splits["test"]))
    scores = [
        tf.saved_model.load(str(folder / "model")).signatures["serving_default"](examples=records)["scores"].numpy()
        for folder in (odd.folder, tmp_path)
    ]
    assert (scores[0] == scores[1]).all()


def test_another_seed_trains_another_model():
    train = toy(200)
    answer = NetworkAnswer.fitted("binary", 2, train)
    losses = [fit(train, train, NONE, answer, replace(PLAN, epochs=1, seed=s)).history["loss"] for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
