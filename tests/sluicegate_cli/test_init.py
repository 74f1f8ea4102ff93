"""What `init` writes and says, and `init --check` of settings that are there."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import yaml

from pipeline.settings.file import load
from pipeline.settings.source import source_of
from schemas.pbtxt import read_pbtxt
from sluicegate.tables.inspecting import inspect
from sluicegate.tables.proposal.advice import Advice
from sluicegate_cli import proposed_people, what_it_settles
from sluicegate_cli.proposed_columns import columns_section


def odd_table(path: Path) -> Path:
    lines = [
        f'{i},"{i % 9 + 1}.{i % 7}00,{i % 90 + 10}",{"-" if i % 5 == 0 else i % 13},{i % 2 + 1},{(i * 7) % 61 + 18},'
        f"{('yes' if math.sin(i * i) > -0.4 else 'no') if i % 10 else ''}"
        for i in range(400)
    ]
    path.write_text("\n".join([",amount,visits,sex,age,bought", *lines]) + "\n")
    return path


def test_init_writes_what_it_found_with_its_reason(call, here):
    odd_table(Path("t.csv"))
    ended = call("init", "--data", "t.csv", "--label", "bought")
    assert ended.code == 0, ended.err
    text = Path("configs/t.yaml").read_text()
    settings = yaml.safe_load(text)
    assert settings["columns"] == {
        "ids": ["unnamed_1"], "numbers": {"amount": {"decimal": ",", "thousands": "."}}
    }  # fmt: skip
    assert settings["label"]["missing"] == "drop"
    assert settings["data"]["missing"][-1] == "-"
    for reason in ("counts the rows from 0 to 399", "numbers written so", "rows have no label", "hold '-'"):
        assert reason in text
        assert reason in ended.out
    assert "sensitive: [sex, {column: age, bins: [25, 40, 60]}]" in text
    loaded = load("configs/t.yaml")
    profile = inspect(source_of(loaded.settings), read_pbtxt(loaded.settings.schema_file))
    assert sum(profile.rows.values()) == 360
    assert {column.name for column in profile.features if column.kind == "number"} == {"amount", "visits", "sex", "age"}


def test_check_has_nothing_to_add_to_what_init_wrote(call, here):
    odd_table(Path("t.csv"))
    assert call("init", "--data", "t.csv", "--label", "bought").code == 0
    before = Path("configs/t.yaml").read_bytes()
    ended = call("init", "--check", "configs/t.yaml")
    assert ended.code == 0, ended.err
    assert "nothing to add" in ended.out
    assert "A run of these settings can start." in ended.out
    assert Path("configs/t.yaml").read_bytes() == before


def test_check_says_what_to_add_where_the_table_would_stop_a_run(call, here):
    odd_table(Path("t.csv"))
    Path("s.yaml").write_text("name: s\ndata: t.csv\nlabel: bought\nfairness: off\n")
    ended = call("init", "--check", "s.yaml")
    assert ended.code == 1
    assert "add: label.missing: drop" in ended.out
    assert 'add: columns.numbers.amount: {decimal: ",", thousands: "."}' in ended.out
    assert "missing: drop" in ended.err
    assert call("init", "--check", "nowhere.yaml").code == 64


def test_init_wants_a_table_or_settings(call, here):
    ended = call("init", "--data", "t.csv")
    assert ended.code == 64
    assert "--label" in ended.err


def test_the_words_for_people_are_those_of_the_docs():
    page = Path(__file__).parents[2].joinpath("docs/your-table.md").read_text()
    rows = dict(re.findall(r"^\| (\w+) \| ([a-z ]+) \|$", page, re.MULTILINE))
    assert {what: words for what, words in rows.items() if what != "tells"} == proposed_people.WORDS


def test_an_origin_of_yes_and_no_is_proposed_and_a_colour_is_not(call, here):
    colours = ("white", "black", "red")
    rows = [f"{i % 90 + 0.5},{int(i % 7 == 0)},{colours[i % 3]},{int(i % 5 == 0)},{i % 2}" for i in range(300)]
    here.joinpath("t.csv").write_text("\n".join(["size,black,white,hispan,y", *rows]))
    assert call("init", "--data", "t.csv", "--label", "y").code == 0
    said = here.joinpath("configs/t.yaml").read_text()
    assert "sensitive: [black, hispan]" in said
    assert "black: its name says origin" in said


@pytest.mark.parametrize(
    ("task", "rows", "classes"), [("binary", 500, [400, 100]), ("multiclass", 300, [100] * 3), ("regression", 400, [])]
)
def test_four_times_the_rows_halve_the_interval(task, rows, classes):
    half = what_it_settles.half_width(task, rows, classes)
    again = what_it_settles.half_width(task, 4 * rows, [4 * one for one in classes])
    assert half / again == pytest.approx(2, rel=0.02)
    assert math.isinf(what_it_settles.half_width(task, 0, [0, 0]))


def test_names_to_consider_stand_in_one_line_that_can_be_taken_over() -> None:
    advice = [
        Advice("columns.leave_out", "copy", "it gives the label away", active=True),
        Advice("columns.leave_out", "wing", "it nearly does"),
        Advice("columns.leave_out", "beak", "it nearly does, too"),
    ]
    lines = columns_section(advice)
    assert "  leave_out: [copy]" in lines
    assert "#   leave_out: [copy, wing, beak]   # in place of the line above" in lines
    assert sum("leave_out:" in line for line in lines) == 2
    assert "#     beak: it nearly does, too" in lines
    assert "#   leave_out: [wing, beak]" in columns_section(advice[1:])
