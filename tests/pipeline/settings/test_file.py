import dataclasses
from pathlib import Path

import pytest

from models.plan import Training
from pipeline.settings.declaration import SETTINGS_VERSION
from pipeline.settings.file import describe, load
from schemas.errors import EXIT_USAGE, SettingsError

PROJECT = Path(__file__).resolve().parents[3]
GOOD = """\
name: x
data: a.csv
label: y
training:
  epochs: 3
  layers: [8, 4]
quality_gate:
  limits:
    - metric: auc
      at_least: 0.9
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes text (or bytes) to my.yaml in a folder of its own and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(content, name="my.yaml"):
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return write


def refused(path, *overrides):
    with pytest.raises(SettingsError) as raised:
        load(path, overrides)
    assert raised.value.exit_code == EXIT_USAGE
    return raised.value


def only_problem(path, *overrides):
    [problem] = refused(path, *overrides).problems
    return problem


@pytest.mark.parametrize("config", sorted(PROJECT.glob("configs/*.yaml")), ids=lambda p: p.stem)
def test_shipped_settings_load_and_their_files_are_there(config):
    settings = load(config).settings
    assert settings.name == config.stem
    assert (PROJECT / settings.data.path).is_file()
    header = (PROJECT / settings.data.path).open(encoding="utf-8").readline().strip().split(",")
    named = {settings.label.column, *settings.columns.leave_out, *settings.columns.kinds}
    named |= {column for group in settings.evaluation.slices for column in group}
    assert named <= set(header)


def test_where_tells_line_override_and_default(written):
    loaded = load(written(GOOD), ["training.seed=7", "quality_gate.limits.0.at_least=0.95"])
    assert loaded.where("training.epochs") == "my.yaml:5"
    assert loaded.where("quality_gate.limits.0.metric") == "my.yaml:9"
    assert loaded.where("training.layers.1") == "my.yaml:6"
    assert loaded.where("data.path") == "my.yaml:2"
    assert loaded.where("training.seed") == "--set training.seed=7"
    assert loaded.where("quality_gate.limits.0.at_least") == "--set quality_gate.limits.0.at_least=0.95"
    assert loaded.where("training.patience") == "default"
    assert loaded.settings.quality_gate.limits[0].at_least == 0.95


def test_the_result_is_frozen(written):
    loaded = load(written(GOOD))
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.path = "other"
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.settings.training.epochs = 4


def test_digest_is_of_the_values_and_not_of_their_writing(written):
    first = load(written(GOOD)).digest
    other = "# a comment\n" + GOOD.replace("data: a.csv", "data:\n  path: a.csv") + "task: auto\n"
    assert load(written(other)).digest == first
    assert load(written(GOOD), ["training.epochs=3"]).digest == first
    assert load(written(GOOD), ["training.epochs=4"]).digest != first


def test_all_problems_come_together_each_with_its_line(written):
    text = GOOD.replace("epochs: 3", "epochs: 0").replace("[8, 4]", "[8, x]").replace("label: y", "lable: y")
    error = refused(written(text + "name: z\n"), "tuning.trials=many")
    assert {problem.place for problem in error.problems} == {
        "my.yaml, line 11, key name", "my.yaml, key label", "my.yaml, line 6, key training.layers.1",
        "my.yaml, line 5, key training.epochs", "--set tuning.trials=many, key tuning.trials",
        "my.yaml, line 3, key lable",
    }  # fmt: skip
    assert "6 problems" in error.headline


@pytest.mark.parametrize(
    ("text", "place", "got", "remedy"),
    [
        ("", "my.yaml, line 1", "no settings", "sluicegate init"),
        ("# nothing\n", "my.yaml, line 1", "no settings", "sluicegate init"),
        ("a,b\n1,2\n", "my.yaml, line 1", "'a,b 1,2' (text)", "configs/census.yaml"),
        ("- a\n", "my.yaml, line 1", "the list [a]", "configs/census.yaml"),
        ("name: x\n\tdata: y\n", "my.yaml, line 2, column 1", "a tab character", "two spaces"),
        ("name: [x\n", "my.yaml, line 2, column 1", "never closed", "]"),
        ("label: >50K\n", "my.yaml, line 1, column 10", "starts with >", "quotes"),
        ("label: {positive: >50K}\n", "my.yaml, line 1, column 19", "means something in YAML", "quotes"),
        ("a: b: c\n", "my.yaml, line 1, column 5", "second colon", "quotes"),
        ("a: 'b\n", "my.yaml, line 2, column 1", "never closed", "close the quote"),
        ("a: *b\n", "my.yaml, line 1, column 4", "starts with *", "quotes"),
        ("a: b\n---\nc: d\n", "my.yaml, line 2, column 1", "second document", "one set"),
        ("a: !!python/object:os.system x\n", "my.yaml, line 1, column 4", "a tag", "plain values"),
        ("a:\n  b: 1\n c: 2\n", "my.yaml, line 3, column 2", "indented", "same column"),
        ("a: \x07\n", "my.yaml, line 1", "control character", "take the character out"),
        ("name: x\n? [a]\n: b\n", "my.yaml, line 2", "a key that is a list", "plain word"),
        ("name: caf\u00e9\n".encode("latin-1"), "my.yaml, line 1", "0xe9", "iconv -f LATIN1 -t UTF-8 my.yaml"),
        ("name: x\n".encode("utf-16"), "my.yaml, line 1", "UTF-16", "iconv -f UTF-16"),
        ("a: &a [*a]\n", "my.yaml", "nested too deep", "without nesting"),
        ("a: " + "[" * 3000, "my.yaml", "nested too deep", "without nesting"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_settings(written, text, place, got, remedy):
    problem = only_problem(written(text))
    assert problem.place == place
    assert got in problem.got
    assert remedy in problem.remedy


def test_aliases_cannot_explode(written):
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in zip("abcdef", "bcdefg", strict=True)]
    assert "more than" in only_problem(written("\n".join(lines))).got


def test_a_large_file_is_not_read(written):
    assert "2,000,000 bytes" in only_problem(written(b"x" * 2_000_000)).got


def test_a_missing_file_names_the_nearest(written):
    written(GOOD, "census.yaml")
    assert "census.yaml?" in only_problem("cencus.yaml").remedy
    assert "choose one of census.yaml" in only_problem("quite_another.yaml").remedy


def test_a_missing_file_without_any_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "sluicegate init" in only_problem("census.yaml").remedy


def test_a_folder_is_no_file(written):
    written(GOOD)
    assert "my.yaml" in only_problem(".").remedy


@pytest.mark.parametrize(("version", "said"), [(SETTINGS_VERSION + 1, "newer"), (0, "older")])
def test_another_settings_version_is_told_before_its_keys_are_judged(written, version, said):
    error = refused(written(f"name: x\nsettings_version: {version}\nfeatures: []\n"))
    assert said in error.headline
    [problem] = error.problems
    assert problem.place == "my.yaml, line 2, key settings_version"
    assert ("update Sluicegate" if said == "newer" else "CHANGELOG.md") in problem.remedy


def test_text_is_taken_as_written_where_text_is_wanted(written):
    text = "name: x\ndata: {path: a.csv, missing: [NA, -9, no, 1.50]}\nlabel: {column: 2024-01-01, positive: yes}\n"
    settings = load(written(text)).settings
    assert settings.label.positive == "yes"
    assert settings.label.column == "2024-01-01"
    assert settings.data.missing == ("NA", "-9", "no", "1.50")


def test_a_date_is_text_even_when_no_calendar_has_it(written):
    settings = load(written("name: x\ndata: {path: a.csv, missing: [9999-99-99]}\nlabel: y\n")).settings
    assert settings.data.missing == ("9999-99-99",)


def test_a_label_may_be_a_number_in_the_short_form(written):
    assert load(written("name: x\ndata: a.csv\nlabel: 1\n")).settings.label.column == "1"


def test_an_exponent_without_a_dot_is_a_number(written):
    assert load(written(GOOD), ["training.learning_rate=1e-3"]).settings.training.learning_rate == 0.001


def test_a_number_in_quotes_says_so(written):
    assert only_problem(written(GOOD.replace("epochs: 3", "epochs: '3'"))).remedy == "write 3 without quotes"


def test_a_list_that_is_none_says_so(written):
    assert only_problem(written(GOOD), "columns.leave_out=fnlwgt").remedy == "write a list: [fnlwgt]"


def test_a_key_at_the_wrong_level_is_sent_home(written):
    problem = only_problem(written(GOOD + "dropout: 0.2\n"))
    assert problem.remedy == "it belongs elsewhere: write it as training.dropout"


def test_a_misspelt_split_name(written):
    problem = only_problem(written(GOOD + "split:\n  folders: {trian: a}\n"))
    assert (problem.place, problem.remedy) == ("my.yaml, line 12, key split.folders.trian", "did you mean train?")


@pytest.mark.parametrize(
    ("extra", "key", "word"),
    [
        ("split: {train: 0.5}", "split.train", "0.5 + 0.1 + 0.1 = 0.7"),
        ("split: {column: a, folders: {train: b}}", "split.folders", "column and folders together"),
        ("split: {by_time: a, key: b}", "split.by_time", "by_time and key"),
        ("split: {by_time: a, repeats: together}", "split.by_time", "by_time and repeats: together"),
        ("split: {columns: [a, b, a]}", "split.columns", "a more than once"),
        ("split: {key: [a, y]}", "split.key", "which is the label"),
        ("split: {column: y}", "split.column", "which is the label"),
        ("columns: {weight: y}", "columns.weight", "which is the label"),
        ("columns: {leave_out: [y]}", "columns.leave_out", "the label 'y'"),
        ("columns: {leave_out: [w], weight: w}", "columns.leave_out", "columns.weight"),
        ("columns: {leave_out: [sex]}\nevaluation: {slices: [[sex]]}", "evaluation.slices.0", "leaves out"),
        ("evaluation: {slices: [[sex, sex]]}", "evaluation.slices.0", "sex"),
        ("task: regression", "quality_gate.limits.0.metric", "'auc'"),
    ],
)
def test_contradictions_name_their_key_and_line(written, extra, key, word):
    problem = only_problem(written(GOOD + extra + "\n"))
    assert problem.place.endswith(f", key {key}")
    assert "my.yaml, line 1" in problem.place or key.startswith("quality_gate")
    assert word in problem.got


def test_a_limit_needs_a_bound(written):
    assert "without a bound" in only_problem(written(GOOD.replace("      at_least: 0.9\n", ""))).got


def test_a_limit_that_nothing_can_satisfy(written):
    problem = only_problem(written(GOOD + "      at_most: 0.8\n"))
    assert problem.place == "my.yaml, line 10, key quality_gate.limits.0.at_least"


def test_a_limit_on_a_slice_nobody_measures(written):
    problem = only_problem(written(GOOD + "      slice: [sex]\n"))
    assert problem.place == "my.yaml, line 11, key quality_gate.limits.0.slice"
    assert "evaluation.slices" in problem.remedy


def test_a_misspelt_metric(written):
    assert only_problem(written(GOOD.replace("auc", "acuracy"))).remedy == "did you mean accuracy?"


def test_a_gate_that_cannot_refuse(written):
    problem = only_problem(written("name: x\ndata: a\nlabel: y\nquality_gate: {beat_constant: false}\n"))
    assert problem.place == "my.yaml, line 4, key quality_gate.beat_constant"


def test_an_encoding_nobody_knows(written):
    assert "utf-8" in only_problem(written(GOOD), "data.encoding=utf-9").allowed


@pytest.mark.parametrize(
    ("override", "got"),
    [
        ("epochs", "'epochs'"),
        ("=3", "'=3'"),
        ("training..epochs=3", "'training..epochs=3'"),
        ("training.epochs=[", "something that is no YAML: ["),
        ("name.x=1", "a key inside name"),
        ("quality_gate.limits.1.metric=auc", "the place '1' in a list"),
        ("training.layers.x=1", "the place 'x' in a list"),
    ],
)
def test_an_override_that_cannot_be_used_is_named(written, override, got):
    problem = only_problem(written(GOOD), override)
    assert problem.place == f"--set {override}"
    assert got in problem.got


def test_an_unknown_key_in_an_override_is_named(written):
    problem = only_problem(written(GOOD), "traning.epochs=3")
    assert problem.place == "--set traning.epochs=3, key traning"
    assert "training" in problem.remedy


def test_later_overrides_win_and_sections_can_be_set_whole(written):
    loaded = load(written(GOOD), ["training={epochs: 5, seed: 2}", "training.seed=3", "label=z", "output=/tmp/o"])
    assert (loaded.settings.training.epochs, loaded.settings.training.seed) == (5, 3)
    assert loaded.settings.training.layers == Training().layers
    assert loaded.where("training.layers") == "default"
    assert loaded.where("training.epochs") == "--set training={epochs: 5, seed: 2}"
    assert (loaded.settings.label.column, loaded.settings.output_folder) == ("z", "/tmp/o")


def test_describe_lists_every_setting_with_its_origin(written):
    rows = {row.key: row for row in describe(load(written(GOOD), ["tuning.trials=2"]), {"task": "binary"})}
    assert rows["training.epochs"].origin == "my.yaml:5"
    assert rows["training.dropout"][1:4] == (str(Training().dropout), "default", "share of units")
    assert rows["tuning.trials"].origin == "--set tuning.trials=2"
    assert rows["task"].value == "auto (here: binary)"
    assert rows["quality_gate.limits.0.at_least"].value == "0.9"
    assert rows["output"].why


def test_passwords_have_no_place_in_the_settings(written):
    assert "unknown key" in only_problem(written(GOOD + "metadata: {password: secret}\n")).got
