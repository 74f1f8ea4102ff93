"""One place for each name: who writes a name out a second time will one day change only one of the two."""

import ast
from pathlib import Path

import pytest

from schemas import file_names

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("components", "models", "pipeline", "schemas", "sluicegate", "sluicegate_cli")
NAMES = [value for name, value in vars(file_names).items() if name.isupper()]


def written_out() -> dict[Path, set[str]]:
    """The string constants of every module, docstrings excepted."""
    found = {}
    for file in (file for package in PACKAGES for file in (PROJECT / package).rglob("*.py")):
        constants = (node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant))
        found[file.relative_to(PROJECT)] = {c for c in constants if isinstance(c, str) and "\n" not in c}
    return found


@pytest.fixture(scope="module")
def constants() -> dict[Path, set[str]]:
    return written_out()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_its_name_in_one_place(constants: dict[Path, set[str]], name: str) -> None:
    assert [str(file) for file, texts in constants.items() if name in texts] == ["schemas/file_names.py"]


@pytest.mark.parametrize("place", ["metadata.db", "log.txt", "evidence", "reports"])
def test_the_layout_of_an_output_folder_stands_in_one_place(constants: dict[Path, set[str]], place: str) -> None:
    assert [str(file) for file, texts in constants.items() if place in texts] == ["schemas/output_folder.py"]
