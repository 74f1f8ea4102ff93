import json

from models import training, tuning
from models.plan import TrainingPlan
from schemas import progress
from tests.models.conftest import fn_args


def test_the_best_trial_reaches_the_trainer(wave, tmp_path, capfd):
    args = fn_args(wave.prepared, tmp_path)
    quick = {"epochs": 1, "layers": [8], "members": 1, "max_knots": 4, "seed": 1}
    args.custom_config = {
        **args.custom_config,
        "training": json.dumps(quick),
        "tuning": json.dumps({"trials": 3, "epochs": 2, "seed": 1}),
    }
    result = tuning.tuner_fn(args)
    result.tuner.search_space_summary()
    heard = []
    with progress.listening(heard.append):
        result.tuner.search(**result.fit_kwargs)
    assert {(one.training, one.trainings) for one in heard} == {(1, 3), (2, 3), (3, 3)}
    result.tuner.results_summary()
    assert capfd.readouterr().out == ""
    trials = result.tuner.oracle.get_best_trials(3)
    scores = [t.score for t in trials]
    assert len(scores) == 3
    assert scores == sorted(scores)
    chosen = result.tuner.get_best_hyperparameters()[0].get_config()
    assert chosen["values"] == trials[0].hyperparameters.values
    training.run_fn(fn_args(wave.prepared, tmp_path, hyperparameters=json.loads(json.dumps(chosen))))
    notes = json.loads((tmp_path / "run" / "training.json").read_text())["hyperparameters"]
    assert notes["layers"] == [int(n) for n in chosen["values"]["layers"].split("-")]
    assert notes["dropout"] == chosen["values"]["dropout"]


def test_the_first_trial_is_the_plan_itself():
    plan = TrainingPlan(layers=(7, 5), dropout=0.33)
    oracle = tuning.PlanFirst(objective="val_loss", max_trials=2, seed=0, hyperparameters=tuning.search_space(plan))
    first = oracle.populate_space("0")["values"]
    assert training.tuned(TrainingPlan(), {"values": first}).layers == (7, 5)
    assert first["dropout"] == 0.33
    assert first["learning_rate"] == plan.learning_rate
