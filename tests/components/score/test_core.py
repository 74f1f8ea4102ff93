"""What is compared, what is refused, and with which words."""

import json
from pathlib import Path

import pytest

from components.score import core
from components.score.core import Sensitive, read_sensitive, write_sensitive
from schemas.errors import DataError, ModelError, SettingsError
from schemas.file_names import MODEL_DESCRIPTION, SAVED_MODEL_GRAPH
from schemas.predictions import Answers
from schemas.roles import Roles

BINARY = Answers("binary", ("no", "yes"), 0.4)
ROLES = Roles("label", "binary", ("no", "yes"))


def model(folder: Path, saved: bool = True, **described) -> Path:
    (folder / "assets.extra").mkdir(parents=True)
    if saved:
        (folder / SAVED_MODEL_GRAPH).touch()
    if described:
        (folder / MODEL_DESCRIPTION).write_text(json.dumps({"classes": ["no", "yes"], "threshold": 0.4, **described}))
    return folder


def test_sensitive_columns_are_names_or_have_bins_and_other_bins_are_the_same_work():
    settings = json.dumps(["sex", {"column": "race", "bins": []}, {"column": "größe", "bins": [25, 40]}])
    found = read_sensitive(settings)
    assert found == (Sensitive("sex"), Sensitive("race"), Sensitive("größe", has_bins=True))
    assert read_sensitive(write_sensitive(found)) == found
    other = json.dumps(["sex", "race", {"column": "größe", "bins": [30]}])
    assert write_sensitive(read_sensitive(other)) == write_sensitive(found)


def test_a_misspelt_and_a_left_out_column_are_refused_with_what_to_do():
    with pytest.raises(SettingsError) as refused:
        core.refuse_absent([Sensitive("Sexx"), Sensitive("age"), Sensitive("zip")], {"sex", "age", "label"})
    misspelt, left_out = refused.value.problems
    assert misspelt.place == "fairness.sensitive: 'Sexx'"
    assert misspelt.allowed.startswith("did you mean 'sex'? columns: 'age', 'label', 'sex'")
    assert left_out.allowed.startswith("columns: 'age'")
    assert "move it to columns.ids" in left_out.remedy
    assert refused.value.exit_code == 64


def test_columns_that_are_there_are_not_refused():
    core.refuse_absent([Sensitive("sex")], {"sex"})
    core.refuse_words({}, "test")


def test_words_in_a_column_with_bins_are_refused_with_the_first_and_their_number():
    with pytest.raises(DataError) as refused:
        core.refuse_words({"age": ("old", 7)}, "test")
    assert "split 'test', column 'age'" in str(refused.value)
    assert "'old' (7 rows hold no number)" in str(refused.value)


@pytest.mark.parametrize(
    ("described", "why"),
    [
        ({"task": "binary"}, ""),
        ({"task": "binary", "threshold": 0.9}, ""),
        ({"task": "binary", "classes": ["yes", "no"]}, "the released model has task binary with classes 'yes', 'no',"),
        ({"task": "multiclass"}, "the released model has task multiclass with classes 'no', 'yes', the new one task b"),
        ({"task": "regression", "classes": []}, "the released model has task regression, the new one task binary"),
        ({}, "the released model has no assets.extra/model.json"),
    ],
)
def test_only_a_released_model_of_the_same_task_and_classes_is_compared_with(tmp_path, described, why):
    found = core.why_no_baseline(BINARY, model(tmp_path / "m", **described))
    assert found.startswith(why)
    assert bool(found) == bool(why)


def test_without_a_released_model_there_is_a_reason_too(tmp_path):
    assert core.why_no_baseline(BINARY, None) == "no model was released yet"
    assert "saved_model.pb" in core.why_no_baseline(BINARY, model(tmp_path / "m", saved=False, task="binary"))
    strange = model(tmp_path / "strange", task="binary")
    (strange / MODEL_DESCRIPTION).write_text('{"made_by": "others"}')
    assert "nothing says what its scores stand for" in core.why_no_baseline(BINARY, strange)


def test_the_candidate_says_its_threshold_and_inputs(tmp_path):
    found = core.candidate_in(model(tmp_path / "m", task="binary", inputs={"age": {}}), ROLES)
    assert (found.answers, found.inputs) == (BINARY, {"age"})


@pytest.mark.parametrize(
    ("saved", "described", "said"),
    [
        (True, {}, "no usable assets.extra/model.json"),
        (False, {"task": "binary"}, "no usable saved_model.pb"),
        (True, {"task": "binary", "classes": ["no", "maybe"]}, "classes 'no', 'maybe'"),
    ],
)
def test_a_candidate_that_is_not_the_tables_is_refused(tmp_path, saved, described, said):
    with pytest.raises(ModelError, match="cannot be scored") as refused:
        core.candidate_in(model(tmp_path / "m", saved, **described), ROLES)
    assert said in str(refused.value)


def test_a_released_model_that_lacks_columns_is_said_to_be_at_a_disadvantage(tmp_path: Path) -> None:
    released = model(tmp_path / "m", task="binary", inputs={"age": {}, "ward": {}})
    assert core.unread(released, {"age", "ward", "more"}, 4) == ""
    said = core.unread(released, {"age"}, 4)
    assert said.startswith("Version 4 reads columns that this run leaves out ('ward')")
    assert core.unread(model(tmp_path / "strange"), {"age"}, 4) == ""
