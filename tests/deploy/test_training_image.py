"""The training image holds every room of the project."""

import re

from tests.docker import PROJECT

FOLDER = PROJECT / "deploy" / "training"


def test_every_package_and_what_it_runs_on_is_copied() -> None:
    copied = set(re.findall(r"^COPY ([a-z]+) \1$", (FOLDER / "Dockerfile").read_text(), re.M))
    let_in = set(re.findall(r"^!(\w+)$", (FOLDER / "Dockerfile.dockerignore").read_text(), re.M))
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages | {"configs", "data"} == copied == let_in
