import json
import sys
import webbrowser
from pathlib import Path

import pytest

from pipeline.settings import words as settings_words
from schemas.records import ArtifactRecord, RunResult, State, StepRecord, to_json
from sluicegate_cli import proposed_settings
from tests.sluicegate.lineage.lineage_world import DATA
from tests.sluicegate_cli.conftest import PROJECT

CONFIG = "name: shop\ndata: shop.csv\nlabel: y\n"


def plan_of(config, call):
    return call("run", "--config", config, "--plan")


def test_run_plans_without_running(call, here):
    Path("my.yaml").write_text(CONFIG)
    ended = call("run", "--config", "my.yaml", "--plan", "--set", "training.epochs=3")
    assert ended.code == 0
    assert "Pusher" in ended.out
    assert "--set training.epochs=3" in " ".join(ended.out.split())
    assert not (here / "output").exists()


def test_run_refuses_wrong_settings_with_64(call, here):
    Path("my.yaml").write_text(CONFIG + "traning: {}\n")
    ended = call("run", "--config", "my.yaml")
    assert ended.code == 64
    assert "my.yaml, line 4, key traning" in ended.err


def test_runs_lists_what_became_of_each(call, shop):
    lines = call("runs").out.splitlines()
    assert [line.split()[:4] for line in lines[1:] if not line.startswith(" ")] == [
        ["r1", "shop", "PASSED", "auc"],
        ["r2", "shop", "PASSED", "auc"],
        ["r3", "shop", "REFUSED", "auc"],
    ]
    assert "0.8000" in lines[1]
    assert lines[1].split()[-2:] == ["62", "100"]
    assert lines[-1].startswith("    quality_gate refused: ")
    assert max(map(len, lines)) <= 80


def test_runs_as_json(call, shop):
    rows = json.loads(call("runs", "--output", shop, "--json").out)
    assert [(row["run"], row["version"], row["value"]) for row in rows] == [
        ("r1", 100, 0.8),
        ("r2", 100, 0.8),
        ("r3", None, 0.8),
    ]
    assert [bool(row["why"]) for row in rows] == [False, False, True]


@pytest.mark.parametrize("content", [None, "{", "[]", '{"format_version": 9}', '{"format_version": 1}'])
def test_runs_that_cannot_be_read_hide_no_others(call, shop, content):
    (shop / "runs" / "r0").mkdir()
    if content:
        (shop / "runs" / "r0" / "result.json").write_text(content)
    (shop / "runs" / "latest").symlink_to("r3")
    rows = json.loads(call("runs", "--json").out)
    assert [row["run"] for row in rows] == ["r0", "r1", "r2", "r3"]
    assert "result.json" in rows[0]["why"]
    assert call("runs").code == 0


def test_runs_says_why_a_run_broke(call, shop):
    step = StepRecord("Trainer", State.FAILED, 1.0, error="Traceback\n  x\nValueError: no gradient\n")
    (shop / "runs" / "r9").mkdir()
    (shop / "runs" / "r9" / "result.json").write_text(
        to_json(RunResult("r9", "shop", "ERROR", 1, "2027", 1.0, (step,)))
    )
    assert json.loads(call("runs", "--json").out)[-1]["why"] == "Trainer: ValueError: no gradient"


def test_runs_where_nothing_ran(call, here):
    assert "No runs yet" in call("runs").out
    ended = call("runs", "--output", "nowhere")
    assert ended.code == 1
    assert "sluicegate run" in ended.err


def test_lineage_draws_the_stable_version(call, shop):
    ended = call("lineage", "--output", shop)
    assert ended.code == 0
    assert ended.out.startswith("version 100 of shop: stable since 2026-11-21T10:00:00+00:00\n")
    for said in (
        f"data      {DATA['r1'][:12]}, span 7  shop.csv",
        "curated, from schemas/shop/schema.pbtxt",
        "commit aaaaaaaaaaaa",
        "epochs 3",
        "quality_gate PASSED",
        "Trainer          execution 4, code c2",
    ):
        assert said in ended.out


def test_lineage_by_run_data_and_commit(call, shop):
    assert "version 100" in call("lineage", "--output", shop, "--run", "r2").out
    assert (
        "no version: refused by quality_gate: auc of overall" in call("lineage", "--output", shop, "--data", "d2").out
    )
    assert call("lineage", "--output", shop, "--commit", "bbbb").out.startswith("code at commit bbbb of shop: 2 runs")
    fates = json.loads(call("lineage", "--output", shop, "--data", "d1", "--json").out)
    assert [fate["run_id"] for fate in fates] == ["r1", "r2"]
    assert json.loads(call("lineage", "--output", shop, "--version", "100", "--json").out)["commit"] == "a" * 40


def test_lineage_finds_the_output_folder_from_the_settings(call, shop):
    Path("my.yaml").write_text(CONFIG)
    assert call("lineage", "--config", "my.yaml").out.startswith("version 100 of shop")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--version", "7"], 64, "No run knows this version."),
        (["--run", "r8"], 64, "There is no such run."),
        (["--run", "r3"], 64, "Run r3 pushed no version."),
        (["--data", "ff"], 64, "No run knows this data digest."),
        (["--commit", "ff"], 64, "No run knows this commit."),
    ],
)
def test_lineage_of_what_is_not_there(call, shop, words, code, said):
    ended = call("lineage", "--output", shop, *words)
    assert (ended.code, ended.err.splitlines()[0]) == (code, said)


def test_lineage_without_a_database(call, shop):
    (shop / "metadata.db").unlink()
    ended = call("lineage", "--output", shop)
    assert (ended.code, ended.err.splitlines()[0]) == (1, "There is no lineage here.")


def test_lineage_with_a_database_that_is_none(call, shop):
    (shop / "metadata.db").write_text("no database")
    ended = call("lineage", "--output", shop)
    assert (ended.code, ended.err.splitlines()[0]) == (1, "The metadata database cannot be read.")


def test_lineage_with_a_release_record_that_is_none(call, shop):
    (shop / "serving" / "shop" / "release.json").write_text("{}")
    ended = call("lineage", "--output", shop)
    assert (ended.code, ended.err.splitlines()[0]) == (1, "The release record cannot be read.")


OLD = 'feature {\n  name: "age"\n  type: INT\n}\n'
NEW = 'feature {\n  name: "age"\n  type: INT\n}\nfeature {\n  name: "town"\n  type: BYTES\n}\n'


@pytest.fixture
def proposal(here):
    """A run whose DataGate proposes another column; the settings name the curated schema."""
    root = here / "output" / "shop"
    for folder, name, text in (
        ("artifacts/schema", "schema.pbtxt", OLD),
        ("artifacts/verdict", "proposed_schema.pbtxt", NEW),
        ("artifacts/verdict", "schema.diff", "=== column 'town': new\n"),
    ):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / name).write_text(text)
    steps = (
        StepRecord(
            "ImportSchemaGen",
            State.DONE,
            outputs=(ArtifactRecord("schema", "Schema", 1, str(root / "artifacts/schema")),),
        ),
        StepRecord(
            "DataGate", State.DONE, outputs=(ArtifactRecord("verdict", "V", 2, str(root / "artifacts/verdict")),)
        ),
    )
    (root / "runs" / "r1").mkdir(parents=True)
    (root / "runs" / "r1" / "result.json").write_text(
        to_json(RunResult("r1", "shop", "REFUSED", 2, "2026", 1.0, steps))
    )
    Path("schema.pbtxt").write_text("# ours\n" + OLD)
    Path("my.yaml").write_text(CONFIG + "schema: schema.pbtxt\n")
    return root


def test_schema_shows_the_curated_file_and_what_a_run_used(call, proposal):
    assert call("schema", "show", "--config", "my.yaml").out == "# ours\n" + OLD
    assert call("schema", "show", "--output", proposal).out == OLD


def test_schema_diff_shows_what_the_data_would_change(call, proposal):
    assert call("schema", "diff", "--config", "my.yaml").out == "=== column 'town': new\n"
    (proposal / "artifacts/verdict/schema.diff").unlink()
    assert "proposes no change" in call("schema", "diff", "--config", "my.yaml").out


def test_schema_accept_changes_the_file_and_keeps_the_old(call, proposal):
    ended = call("schema", "accept", "--config", "my.yaml", "--yes")
    assert ended.code == 0
    assert 'name: "town"' in Path("schema.pbtxt").read_text()
    assert Path("schema.pbtxt.bak").read_text() == "# ours\n" + OLD


def test_schema_accept_needs_a_yes(call, proposal, monkeypatch):
    before = Path("schema.pbtxt").read_text()
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    ended = call("schema", "accept", "--config", "my.yaml")
    assert ended.code == 64
    assert "--yes" in ended.err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    for answer, code in (("n", 1), ("", 1), ("y", 0)):
        assert Path("schema.pbtxt").read_text() == before
        monkeypatch.setattr("builtins.input", lambda _, said=answer: said)
        assert call("schema", "accept", "--config", "my.yaml").code == code
    assert Path("schema.pbtxt").read_text() != before


def test_schema_accept_refuses_a_schema_that_changed_since(call, proposal):
    Path("schema.pbtxt").write_text(NEW.replace("town", "city"))
    ended = call("schema", "accept", "--config", "my.yaml", "--yes")
    assert ended.code == 1
    assert "has changed since" in ended.err


def test_schema_accept_knows_a_run_that_used_the_file_as_the_settings_amend_it(call, proposal):
    from pipeline.run.schema_in_force import title

    Path("schema.pbtxt").write_text(OLD + 'feature { name: "left_out" type: INT }\n')
    copy = proposal / "schemas" / "abc" / "schema.pbtxt"
    copy.parent.mkdir(parents=True)
    copy.write_text(f"# {title('schema.pbtxt')}\n" + OLD)
    assert call("schema", "accept", "--config", "my.yaml", "--yes").code == 0
    assert 'name: "town"' in Path("schema.pbtxt").read_text()
    # Another version of the file than the one that was amended.
    Path("schema.pbtxt").write_text(OLD + 'feature { name: "other" type: INT }\n')
    ended = call("schema", "accept", "--config", "my.yaml", "--yes")
    assert ended.code == 1
    assert "has changed since" in ended.err


def test_schema_accept_needs_a_curated_schema(call, proposal):
    Path("my.yaml").write_text(CONFIG)
    ended = call("schema", "accept", "--config", "my.yaml", "--yes")
    assert ended.code == 1
    assert "sluicegate schema show" in ended.err


def test_schema_accept_where_the_proposal_was_deleted(call, proposal):
    (proposal / "artifacts/schema/schema.pbtxt").unlink()
    ended = call("schema", "accept", "--config", "my.yaml", "--yes")
    assert (ended.code, ended.err.splitlines()[0]) == (1, "Cannot read the schema that the run used.")


def test_settings_prints_every_key_in_every_form(call):
    keys = [shape.key for shape in settings_words.leaves()]
    text, markdown = call("settings").out, call("settings", "--markdown").out
    rows = {row["key"]: row for row in json.loads(call("settings", "--json").out)}
    for key in (*keys, "quality_gate.limits.*.max_drop"):
        assert f"\n{key}   (" in text
        assert f"| `{key}` |" in markdown
        assert rows[key]["allowed"]
        assert rows[key]["why"]
    assert "from 1 to 10000 (epochs)" in rows["training.epochs"]["allowed"]
    assert rows["name"]["default"] == "required"
    assert max(len(line) for line in text.splitlines() if line.startswith(" ")) <= 80


def test_docs_of_the_settings_are_those_of_the_model(call):
    page = PROJECT / "docs" / "settings.md"
    if not page.exists():
        pytest.skip("docs/settings.md is not written yet")
    assert page.read_text().rstrip() == call("settings", "--markdown").out.rstrip(), "run `make docs`"


def test_report_names_rebuilds_and_opens(call, shop, monkeypatch):
    ended = call("report", "--output", shop)
    assert ended.code == 1
    assert "--rebuild" in ended.err
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    ended = call("report", "--output", shop, "--run", "r1", "--rebuild", "--open")
    assert ended.code == 0
    assert Path(ended.out.strip()).is_file()
    assert opened == [Path(ended.out.strip()).resolve().as_uri()]
    assert (shop / "runs" / "index.html").is_file()


TABLE = "id,town,age,bought\n" + "".join(
    f"{i},{'ABC'[i % 3]},{20 + i % 50},{'yes' if i % 3 else 'no'}\n" for i in range(300)
)


def test_init_proposes_settings_that_load_and_plan(call, here):
    Path("My table.csv").write_text(TABLE)
    ended = call("init", "--data", "My table.csv", "--label", "bought")
    assert ended.code == 0, ended.err
    assert "sluicegate run --config configs/my_table.yaml" in ended.out
    text = Path("configs/my_table.yaml").read_text()
    assert "schema: schemas/my_table/schema.pbtxt" in text
    assert 'positive: "yes"' in text
    assert "  ids: [id]" in text
    assert Path("schemas/my_table/schema.pbtxt").read_text().startswith("#")
    assert plan_of("configs/my_table.yaml", call).code == 0


def test_init_leaves_empty_columns_out(call, here):
    header, *rows = TABLE.splitlines()
    Path("t.csv").write_text("\n".join([header + ",nothing", *(row + "," for row in rows)]))
    assert call("init", "--data", "t.csv", "--label", "bought").code == 0
    assert "\n  leave_out: [nothing]" in Path("configs/t.yaml").read_text()


def test_init_overwrites_nothing_unasked(call, here):
    Path("t.csv").write_text(TABLE)
    assert call("init", "--data", "t.csv", "--label", "bought").code == 0
    Path("configs/t.yaml").write_text("mine")
    ended = call("init", "--data", "t.csv", "--label", "bought")
    assert ended.code == 64
    assert "configs/t.yaml" in ended.err
    assert Path("configs/t.yaml").read_text() == "mine"
    assert call("init", "--data", "t.csv", "--label", "bought", "--force").code == 0
    assert Path("configs/t.yaml").read_text() != "mine"


def test_init_refuses_a_label_that_is_not_there_and_writes_nothing(call, here):
    Path("t.csv").write_text(TABLE)
    ended = call("init", "--data", "t.csv", "--label", "bougt")
    assert ended.code == 1
    assert "bought" in ended.err
    assert not Path("configs").exists()


def test_init_refuses_a_name_that_settings_refuse(call, here):
    ended = call("init", "--data", "t.csv", "--label", "y", "--name", "My Shop")
    assert ended.code == 64
    assert "my_shop" in ended.err


@pytest.mark.parametrize(
    "text",
    ["plain", "yes", "1", "1e3", ">50K", "a: b", "a # b", "", " x ", "'", '"', "ä", "a, b", "[x]", "null", "-", "\t"],
)
def test_every_text_survives_the_yaml_that_init_writes(text):
    import yaml

    assert yaml.safe_load(f"key: [{proposed_settings.scalar(text)}]\nother: {proposed_settings.scalar(text)}") == {
        "key": [text],
        "other": text,
    }
