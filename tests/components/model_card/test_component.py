"""ModelCard through its executor: what stands in the card, in every case, and the same bytes for the same run."""

from __future__ import annotations

import copy
import json
import typing
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tfx.types import channel_utils

from components.model_card.component import ModelCard, ModelCardSpec
from components.model_card.facts import Facts
from pipeline.gates import GATES
from schemas import model_card
from schemas.digest import model_digest
from schemas.errors import SettingsError
from schemas.gates import to_json
from schemas.model_card import Unmeasured
from tests.components.model_card import world
from tests.conftest import PROJECT
from tests.sluicegate.reports.parsed_page import Page

SCHEMA = json.loads((PROJECT / "schemas" / "model_card.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
Made = Callable[..., Any]


def content(card: Any) -> Any:
    return json.loads((Path(card.uri) / "model_card.json").read_text(encoding="utf-8"))


def page(card: Any) -> Page:
    return Page(Path(card.uri) / "model_card.html")


def test_a_refused_model_has_a_card_that_says_so_first(made: Made, inputs: dict[str, Any]) -> None:
    card = made()
    found, shown = model_card.read(card.uri), page(card)
    assert found is not None
    assert not found.decision.may_be_released
    assert found.decision.sentence.startswith("fairness said FAILED: demographic_parity_difference of sex is ")
    assert shown.words.index("This model was refused. It must not be used.") < shown.words.index("made for")
    assert "<title>REFUSED · people · Model card</title>" in shown.source
    assert card.get_int_custom_property("may_be_released") == 0
    assert card.get_string_custom_property("model_digest") == model_digest(inputs["model"].uri)
    assert (found.decision.overrides[0].by, found.decision.overrides[0].was_needed) == ("Cy", False)
    assert "Override of fairness by Cy We watch it for a month. It changed nothing" in shown.words


def test_an_override_that_let_a_refusal_pass_stands_at_the_top(tmp_path: Path) -> None:
    card = world.make(world.fill(tmp_path / "in", overridden="fairness"), tmp_path / "card")
    found, shown = model_card.read(card.uri), page(card)
    assert found is not None
    assert found.decision.may_be_released
    assert found.decision.overrides[0].was_needed
    assert "Overridden by a person: fairness." in found.decision.sentence
    assert "<title>PASSED · people · Model card</title>" in shown.source
    assert "3 of 4 gates passed." in found.decision.sentence
    assert shown.words.index("The gate had refused; this override let it pass.") < shown.words.index("made for")
    assert card.get_int_custom_property("may_be_released") == 1


def test_every_part_holds_what_the_steps_left(made: Made) -> None:
    card = made()
    found = content(card)
    assert found["data"]["source"] == "people.csv"
    assert found["data"]["digest"] == world.DIGEST_OF_DATA
    assert found["data"]["rows"] == world.ROWS
    columns = {c["name"]: c for c in found["data"]["columns"]}
    assert columns["age"] == {"name": "age", "role": "feature", "type": "whole number",
                              "missing": {"train": 0, "eval": 0.5, "test": 0}}  # fmt: skip
    assert columns[world.HOSTILE]["missing"] == {"train": 1, "eval": 1, "test": 1}
    assert [columns[name]["role"] for name in ("id", "income")] == ["id", "label"]
    assert found["data"]["label"]["shares"]["test"] == {"<=50K": 0.75, ">50K": 0.25}
    assert (found["data_check"]["passed"], found["data_check"]["checked"]) == (1, 3)
    training = found["training"]
    assert (training["best_epoch"], training["epochs"], training["threshold"]) == (2, 3, 0.42)
    assert training["metrics"] == {"loss": 0.4, "val_auc": 0.9}
    assert (training["mitigation"], training["hyperparameters"]) == ({"method": "reweigh"}, {"epochs": 3})
    assert [m["slice"] for m in found["quality"]["metrics"]] == ["overall", "overall", "sex=x", "sex=x"]
    gap = next(g for g in found["fairness"]["gaps"] if g["measure"] == "demographic_parity_difference")
    assert gap["low"] < gap["value"] < gap["high"]
    assert (gap["lowest"], gap["highest"]) == ("sex=f", "sex=m")
    assert [w["name"] for w in found["explanation"]["importance"]] == ["age", "sex", world.HOSTILE]
    assert found["explanation"]["flips"][0]["flipped"] == 0.12
    assert found["lineage"]["versions"] == {"tfx": "1.21.0"}
    shown = page(card)
    for words in ("Shows how a gate works.", "Decisions about people.", "Ada Bo", "c" * 40, "95 % interval"):
        assert words in shown.words
    assert shown.row("age", "feature")[2:] == ["whole number", "0 %", "50.0 %", "0 %"]


def test_what_was_not_measured_is_a_section_of_its_own(made: Made) -> None:
    found = model_card.read(made().uri)
    assert found is not None
    for one in (
        Unmeasured("Data", "drift_not_measured, train: age", "The released model has no column 'age'."),
        Unmeasured(
            "Data",
            "drift_baseline_missing, train",
            "Drift cannot be told: the released version is stable, but the statistics of its train data are not in "
            "the folders of that machine. Set it.",
        ),
        Unmeasured("Quality", "auc, sex=x", "7 rows, and a group needs 100 to be judged."),
        Unmeasured("Quality", "auc on sex=x", "Not defined on its 7 rows."),
        Unmeasured("Quality", "quality by race", "The evaluator measured no such group."),
        Unmeasured("Fairness", "sex=x", "6 rows are too few to judge the group at all."),
        Unmeasured("Explanation", "agreement, overall", "The check failed. They disagree."),
        Unmeasured("Serving", "memory, overall", "Not measurable."),
    ):
        assert one in found.not_measured
    assert not any("limits.0" in one.what or one.what.startswith("accuracy") for one in found.not_measured)


@pytest.mark.parametrize("left_out", [world.OPTIONAL, world.OPTIONAL[:2], world.OPTIONAL[2:4], world.OPTIONAL[4:]])
def test_steps_that_are_not_there_are_said_to_be_absent(made: Made, left_out: tuple[str, ...]) -> None:
    card = made(without=left_out)
    found = content(card)
    VALIDATOR.validate(found)
    parts = {"fairness_verdict": "Fairness", "explanation_verdict": "Explanation", "serving_verdict": "Serving"}
    for key, part in parts.items():
        absent = [u for u in found["not_measured"] if (u["part"], u["what"]) == (part, "everything")]
        assert (found[part.lower()] is None) == (key in left_out) == bool(absent)
    assert page(card).words.count("Not in this pipeline.") == sum(key in left_out for key in parts)


def test_nothing_said_is_not_stated(made: Made) -> None:
    bare = replace(world.FACTS, intention=model_card.Intention(), overrides=(), code_commit="")
    words = page(made(facts=bare)).words
    assert words.count("not stated") == 4
    assert "not a git checkout" in words


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    """Other folders, other times, another number of the released version, and other last bits."""
    made = []
    for name, milliseconds, seconds, version in (
        ("a", 2.5, 9.0, 1795259761),
        ("b/further/down", 3.1, 14.2, 1795260278),
    ):
        inputs = world.fill(tmp_path / name, milliseconds, seconds, version)
        made.append(Path(world.make(inputs, tmp_path / name / "card").uri))
    for file in ("model_card.json", "model_card.html"):
        one, other = ((folder / file).read_bytes() for folder in made)
        assert one == other
        for word in (str(tmp_path).encode(), b"17952", b"20261121-1", b"/home/someone", b"/mnt/"):
            assert word not in one


def test_a_slow_server_is_refused_without_its_milliseconds(tmp_path: Path) -> None:
    made = [world.make(world.fill(tmp_path / str(ms), ms), tmp_path / str(ms) / "card") for ms in (123.4, 567.8)]
    one, other = (Path(card.uri, "model_card.json").read_bytes() for card in made)
    assert one == other
    said = content(made[0])["decision"]["sentence"]
    assert "serving_check said FAILED: A real server did not answer as it must (gate failed)." in said


def test_the_page_is_one_file_that_loads_nothing_and_runs_nothing(made: Made) -> None:
    shown = page(made())
    assert shown.tags.count("h1") == 1
    assert not {"script", "img", "iframe", "object"} & set(shown.tags)
    assert [x for x in shown.loads if not x.startswith(("#", "data:"))] == []
    assert len(set(shown.ids)) == len(shown.ids)
    assert {link.removeprefix("#") for link in shown.links} <= set(shown.ids)
    assert world.HOSTILE in shown.words


def test_the_card_keeps_to_its_schema(made: Made) -> None:
    VALIDATOR.check_schema(SCHEMA)
    found = content(made())
    VALIDATOR.validate(found)
    card = model_card.from_json(json.dumps(found))
    assert json.loads(model_card.to_json(card)) == found
    for path, value in (
        (("card_version",), 2), (("decision", "status"), "MAYBE"), (("data", "columns", 0, "missing", "eval"), 1.5),
        (("quality", "metrics", 0, "value"), "0.9"), (("not_measured", 0, "why"), None), (("lineage", "run_id"), "r1"),
    ):  # fmt: skip
        broken = copy.deepcopy(found)
        place = broken
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        assert not VALIDATOR.is_valid(broken), path
    del found["not_measured"]
    assert not VALIDATOR.is_valid(found)


def test_the_schema_names_every_field_of_a_card() -> None:
    def shapes(kind: Any) -> Iterator[Any]:
        yield kind
        for hint in typing.get_type_hints(kind).values():
            for inner in (hint, *typing.get_args(hint)):
                if is_dataclass(inner):
                    yield from shapes(inner)

    for kind in set(shapes(model_card.ModelCard)):
        shape = SCHEMA if kind is model_card.ModelCard else SCHEMA["$defs"][kind.__name__]
        names = [f.name for f in fields(kind)] + (["card_version"] if kind is model_card.ModelCard else [])
        assert sorted(shape["properties"]) == sorted(shape["required"]) == sorted(names), kind.__name__
        assert shape["additionalProperties"] is False


def test_a_card_of_another_version_is_refused(made: Made) -> None:
    text = (Path(made().uri) / "model_card.json").read_text().replace('"card_version": 1', '"card_version": 2')
    with pytest.raises(ValueError, match="version 1"):
        model_card.from_json(text)


def test_facts_survive_their_json_and_name_what_is_wrong() -> None:
    assert Facts.from_json(world.FACTS.to_json()) == world.FACTS
    with pytest.raises(SettingsError) as caught:
        Facts.from_json('{"name": "x", "run_id": "r1"}')
    assert [p.got for p in caught.value.problems] == ["'run_id'", "no roles"]


def test_it_stands_in_a_graph_with_and_without_the_optional_steps(inputs: dict[str, Any]) -> None:
    for left_out in ((), world.OPTIONAL):
        channels = {k: channel_utils.as_channel([one]) for k, one in inputs.items() if k not in left_out}
        fixed = {key: channels.pop(key) for key in (*ModelCardSpec.FOLDERS, "examples", "release_verdict")}
        facts, declared = world.FACTS.to_json(), to_json(GATES)
        node = ModelCard(facts_json=facts, gates_json=declared, left=channels, **fixed)
        assert node.outputs["card"].type.TYPE_NAME == "schemas.ModelCardFiles"
