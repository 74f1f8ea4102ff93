"""Environments are chosen by name; what is wrong with one is said with the file's own keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.environment import check_runs_here, elsewhere
from pipeline.settings.file import LoadedSettings, load
from schemas.errors import SettingsError


def settings(folder: Path, environment: str, name: str = "local") -> LoadedSettings:
    (folder / "t.yaml").write_text(f"name: t\ndata: t.csv\nlabel: y\nenvironment:\n{environment}\n")
    return load(folder / "t.yaml", (), name)


def test_the_sections_of_an_environment_hold_where_it_has_them(tmp_path: Path) -> None:
    text = "  test:\n    runner: local\n    metadata: {kind: postgresql, host: db}"
    assert settings(tmp_path, text).settings.metadata.kind == "sqlite"
    chosen = settings(tmp_path, text, "test")
    assert (chosen.settings.metadata.host, chosen.environment.runner) == ("db", "local")
    check_runs_here(chosen)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  mine: {image: a:1}", "key environment.mine.runner"),
        ("  local: {pipeline_root: gs://b}", "`output` names that folder"),
        ("  vertex: {secrets: {token: hunter2-is-it!}}", "name of an environment variable"),
        ("  vertex: {resources: {Trainer: {cpu: 2}}}", "did you mean cpus?"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, text)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean staging"):
        settings(tmp_path, "  staging: {runner: vertex}", "stagin")


def test_another_runner_does_not_run_here_and_says_what_it_lacks(tmp_path: Path) -> None:
    loaded = settings(tmp_path, "  vertex: {image: a:1}", "vertex")
    with pytest.raises(SettingsError, match="runner vertex"):
        check_runs_here(loaded)
    with pytest.raises(SettingsError) as caught:
        elsewhere(loaded)
    assert [one.place.rpartition(".")[2] for one in caught.value.problems] == ["pipeline_root"]
