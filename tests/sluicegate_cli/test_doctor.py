import fcntl
import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings.types import Settings
from sluicegate_cli import checks
from tests.sluicegate.lineage.lineage_world import Database

CONFIG = "name: shop\ndata: shop.csv\nlabel: y\n"


@pytest.fixture
def settings(here):
    Path("my.yaml").write_text(CONFIG)
    return Settings(name="shop", data="shop.csv", label="y")


def test_a_fit_machine_ends_with_0(call, settings):
    ended = call("doctor", "--config", "my.yaml", "--quick")
    assert ended.code == 0, ended.out
    assert ended.out.rstrip().endswith("Fit to run.")
    found = {row["name"]: row for row in json.loads(call("doctor", "--config", "my.yaml", "--quick", "--json").out)}
    assert {"platform", "python", "glibc", "memory", "settings", "disk", "lock", "metadata", "docker"} <= set(found)
    assert not list(Path().rglob("metadata.db")), "a doctor changes nothing"


def test_an_unfit_machine_ends_with_1_and_says_what_to_do(call, settings, monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    ended = call("doctor", "--config", "my.yaml", "--quick")
    assert ended.code == 1
    assert "FAIL  glibc        2.36; ml-metadata and TFDV want 2.39 or newer" in ended.out
    assert "do: run ./setup.sh" in ended.out
    assert ended.out.rstrip().endswith("Not fit to run: glibc.")


def test_wrong_settings_are_a_finding_and_not_the_end(call, here):
    Path("my.yaml").write_text(CONFIG + "x: 1\n")
    ended = call("doctor", "--config", "my.yaml", "--quick")
    assert ended.code == 1
    assert "my.yaml, line 4, key x" in " ".join(ended.out.split())
    assert "info  docker" in ended.out


@pytest.mark.parametrize(
    ("target", "value", "check"),
    [
        ("platform.machine", lambda: "aarch64", checks.check_platform),
        ("platform.libc_ver", lambda: ("glibc", "2.4"), checks.check_glibc),
        ("sluicegate_cli.checks.WANTED_PYTHON", (3, 99), checks.check_python),
        ("sluicegate_cli.checks.MIN_MEMORY_GB", 1e6, checks.check_memory),
        ("sluicegate_cli.checks.MIN_DISK_GB", 1e9, lambda: checks.check_disk(Path("output/x"))),
        ("sluicegate_cli.checks.IMPORTS", ("json", "no_such_module"), checks.check_imports),
    ],
)
def test_each_check_can_fail_and_has_a_remedy(monkeypatch, target, value, check):
    monkeypatch.setattr(target, value)
    found = check()
    assert found.state == "FAIL"
    assert found.remedy


def test_the_package_that_cannot_be_imported_is_named(monkeypatch):
    monkeypatch.setattr(checks, "IMPORTS", ("json", "no_such_module"))
    assert "no_such_module cannot be imported" in checks.check_imports().found


def test_a_package_that_crashes_the_process_is_named(monkeypatch, tmp_path):
    (tmp_path / "crashing.py").write_text("import os\nos.abort()\n")
    monkeypatch.setattr(checks, "IMPORTS", ("json", "crashing"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert "crashing cannot be imported" in checks.check_imports().found


def test_a_held_lock_is_told_with_its_process(settings):
    folder = Path("output/shop")
    folder.mkdir(parents=True)
    with (folder / ".lock").open("w") as file:
        file.write("4711")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        found = checks.check_lock(folder)
    assert found.state == "info"
    assert "4711" in found.found
    assert checks.check_lock(folder).state == "ok"


def test_a_metadata_database_is_opened_and_its_version_told(settings):
    Path("output/shop").mkdir(parents=True)
    Database(Path("output/shop/metadata.db"))
    found = checks.check_metadata(settings)
    assert found.state == "ok"
    assert found.found.startswith("output/shop/metadata.db, schema version 1")


def test_a_broken_metadata_database_fails(settings):
    Path("output/shop").mkdir(parents=True)
    Path("output/shop/metadata.db").write_text("no database at all")
    found = checks.check_metadata(settings)
    assert found.state == "FAIL"
    assert found.remedy


def test_a_password_that_is_not_set_is_told(settings, monkeypatch):
    monkeypatch.delenv("SLUICEGATE_METADATA_PASSWORD", raising=False)
    on_postgres = Settings(name="shop", data="shop.csv", label="y", metadata={"kind": "postgresql"})
    assert "password" in checks.check_metadata(on_postgres).found


@pytest.mark.slow
def test_all_packages_can_be_imported():
    assert checks.check_imports().state == "ok"


def test_importing_the_checks_imports_nothing_heavy():
    heavy = ("pydantic", "ml_metadata", "tensorflow")
    program = f"import sys, sluicegate_cli.checks; print([m for m in {heavy!r} if m in sys.modules])"
    project = Path(checks.__file__).parents[1]
    assert (
        subprocess.run([sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
