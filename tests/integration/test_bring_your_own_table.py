"""A table of another shape, by `sluicegate init` and no code; later rows with a new value; the schema that accepts them."""

import random

import pytest

from schemas import release
from tests.integration.conftest import PROJECT, Ended, verb, verb_anew

PLANS = ("basic", "plus", "pro")


def table(path, plans=PLANS, rows=900):
    """Odd column names, an empty and a constant column, dates, booleans, codes with zeros, ids, missing values."""
    rng = random.Random(7)
    lines = ["Kunden-Nr,signed up,größe/cm,2nd plan,active,empty,constant,zip,calls,churn"]
    for number in range(rows):
        plan, calls, active = rng.choice(plans), rng.randrange(9), rng.random() < 0.5
        size = "" if rng.random() < 0.1 else f"{rng.gauss(170, 10):.1f}"
        churn = "yes" if calls + 3 * (plan == "basic") - 2 * active + rng.gauss(0, 1) > 4 else "no"
        day = f"20{rng.randrange(18, 25)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 28):02d}"
        code = rng.choice(["01234", "10115", "80331"])
        lines.append(f"{100000 + number},{day},{size},{plan},{active},,x,{code},{calls},{churn}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def sluicegate(folder, *words, start=verb):
    done = start(*words, cwd=folder)
    return Ended(done.returncode, done.stdout, done.stderr, folder / "output" / "my_table")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("user")
    table(folder / "my table.csv")
    return folder


@pytest.fixture(scope="module")
def first(place):
    proposed = sluicegate(place, "init", "--data", "my table.csv", "--label", "churn", start=verb_anew)
    assert proposed.code == 0, proposed.err
    ended = sluicegate(place, "run", "--config", "configs/my_table.yaml", "--quiet", start=verb_anew)
    return ended, ended.result


def test_the_proposal_runs_to_a_released_model(first):
    ended, result = first
    assert ended.code == 0, ended.out + ended.err
    assert result["metrics"]["auc"] > 0.8
    assert result["pushed_version"] is not None


@pytest.fixture(scope="module")
def refused(place, first):
    table(place / "my table.csv", plans=(*PLANS, "gold"))
    ended = sluicegate(place, "run", "--config", "configs/my_table.yaml", "--quiet")
    return ended, ended.result


def test_a_value_that_the_schema_does_not_know_is_refused(refused, first):
    ended, result = refused
    assert ended.code == 2, ended.out + ended.err
    assert "gold" in ended.out
    assert result["pushed_version"] is None
    assert release.read(ended.output / "serving" / "my_table").stable == first[1]["pushed_version"]


#: A value that a quarter of the rows hold is drift as well, and no schema can accept that.
WANTED = ("--set", "data_gate.policy.drift=warn")


def test_accepting_the_proposed_schema_lets_the_data_through(place, refused):
    shown = sluicegate(place, "schema", "diff", "--config", "configs/my_table.yaml")
    assert shown.code == 0, shown.err
    assert "gold" in shown.out
    accepted = sluicegate(place, "schema", "accept", "--yes", "--config", "configs/my_table.yaml")
    assert accepted.code == 0, accepted.err
    assert "gold" in (place / "schemas" / "my_table" / "schema.pbtxt").read_text()
    assert WANTED[1] in " ".join(refused[0].out.split())
    ended = sluicegate(place, "run", "--config", "configs/my_table.yaml", "--quiet", *WANTED)
    assert ended.gate("data_gate")["status"] == "PASSED", ended.out + ended.err
    assert ended.code == 0, ended.out + ended.err


def test_lineage_tells_both_versions_and_the_refused_data(place, refused):
    _, result = refused
    said = sluicegate(place, "lineage", "--config", "configs/my_table.yaml", "--data", result["data_digest"][:12])
    assert said.code == 0, said.err
    assert "refused" in said.out.lower()
    assert str(PROJECT) not in said.out
