"""Four fifths on sex: refused, with the mitigation's name; let pass by a person, and said ever after; and mitigated."""

import shutil

import pytest

from schemas import release
from tests.integration.conftest import QUICK, run

STRICT = "fairness.limits=[{measure: demographic_parity_ratio, of: [sex], at_least: 0.8}]"
OVERRIDE = "overrides=[{gate: fairness, by: Ada, reason: a pilot that decides about nobody}]"


@pytest.fixture(scope="module")
def output(census, folder):
    """A copy, so that other tests find their latest run."""
    return shutil.copytree(census.output, folder / "fairness", symlinks=True)


@pytest.fixture(scope="module")
def refused(sampled_census, output):
    ended = run(sampled_census, output, *QUICK, "--set", STRICT)
    return ended, ended.result


def test_an_honest_model_is_refused_and_the_lever_named(refused):
    ended, result = refused
    assert ended.code == 2, ended.out + ended.err
    assert "fairness refused" in ended.out
    assert "--set training.mitigation=constrained" in " ".join(ended.out.split())
    [gap] = next(gate for gate in result["gates"] if gate["gate"] == "fairness")["measurements"]
    assert gap["high"] < 0.8
    assert result["pushed_version"] is None


def test_a_person_may_let_it_pass_and_every_report_says_so_from_then_on(sampled_census, refused, output):
    passed = run(sampled_census, output, *QUICK, "--set", STRICT, "--set", OVERRIDE)
    assert passed.code == 0, passed.out + passed.err
    assert "fairness is FAILED" in passed.out
    state = release.read(output / "serving" / "census")
    [told] = release.overrides_of(state, state.stable)
    assert "Ada lets it pass: a pilot that decides about nobody" in told
    page = (output / "runs" / "latest" / "reports" / "index.html").read_text()
    assert "a pilot that decides about nobody" in page
    # A later run, of data that the data gate refuses or with any other settings, still says who answers and why.
    later = run(sampled_census, output, *QUICK, "--set", STRICT)
    assert later.code == 2
    assert any("Ada lets it pass" in note for note in later.result["notes"])


@pytest.mark.slow
@pytest.mark.parametrize("mitigation", ["constrained", "thresholds"])
def test_the_shipped_example_is_refused_and_passes_with_a_mitigation(folder, mitigation):
    output = folder / f"strict-{mitigation}"
    quick = ("--quiet", "--set", "explanation=off")
    assert run("configs/census_strict.yaml", output, *quick).code == 2
    mitigated = run("configs/census_strict.yaml", output, *quick, "--set", f"training.mitigation={mitigation}")
    assert mitigated.code == 0, mitigated.out + mitigated.err
    [gap] = mitigated.gate("fairness")["measurements"]
    assert gap["low"] >= 0.8
