"""The bills of materials: valid by CycloneDX's own schema, true to the locks, and the same bytes every time."""

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from packaging.requirements import Requirement
from referencing import Registry, Resource

from locks import sbom
from locks.reading import LOCKS, PROJECT, Pinned, normal, read

SCHEMAS = Path(__file__).with_name("schema")
HASH = "a" * 64


@pytest.fixture(scope="module")
def validator():
    schemas = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    known = {
        key: schema
        for name, schema in schemas.items()
        for key in (name, schema["$id"], f"http://cyclonedx.org/schema/{name}")
    }
    registry = Registry().with_resources((uri, Resource.from_contents(schema)) for uri, schema in known.items())
    return Draft7Validator(schemas["bom-1.6.SNAPSHOT.schema.json"], registry=registry)


@pytest.fixture(scope="module")
def bills(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sbom")
    assert sbom.main(["--folder", str(folder)]) == 0
    return {name: json.loads((folder / f"sbom-{name}.cdx.json").read_text()) for name in LOCKS}


@pytest.mark.parametrize("lock", LOCKS)
def test_valid_by_cyclonedx_s_own_schema(bills, validator, lock):
    assert [error.message for error in validator.iter_errors(bills[lock])] == []


def test_the_schema_is_in_force(bills, validator):
    broken = json.loads(json.dumps(bills["serving"]))
    broken["components"][0]["hashes"][0]["content"] = "no hash"
    del broken["components"][1]["name"]
    assert len(list(validator.iter_errors(broken))) >= 2


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_the_lock_with_version_and_hashes(bills, lock):
    text = LOCKS[lock].read_text()
    pinned = dict(re.findall(r"^([a-z0-9.-]+)==([^ \\]+)", text, re.MULTILINE))
    told = {one["name"]: one["version"] for one in bills[lock]["components"]}
    assert told == pinned
    hashes = {h["content"] for one in bills[lock]["components"] for h in one["hashes"]}
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", text))
    assert {one["purl"] for one in bills[lock]["components"]} == {f"pkg:pypi/{n}@{v}" for n, v in pinned.items()}


def test_licences_and_edges_are_what_the_packages_say(bills):
    components = {one["name"]: one for one in bills["project"]["components"]}
    assert components["ruff"]["licenses"]
    assert components["numpy"]["licenses"]
    edges = {one["ref"]: one["dependsOn"] for one in bills["project"]["dependencies"]}
    kfp, tfx = components["kfp"]["purl"], components["tfx"]["purl"]
    assert kfp in edges[tfx], "the pipeline asks for tfx[kfp]"
    assert components["markupsafe"]["purl"] in edges[components["jinja2"]["purl"]]
    root = bills["project"]["metadata"]["component"]["bom-ref"]
    assert {tfx, components["pytest"]["purl"]} <= set(edges[root])
    known = {one["bom-ref"] for one in bills["project"]["components"]}
    assert {ref for needs in edges.values() for ref in needs} <= known


def test_what_is_not_installed_as_locked_is_not_spoken_for(validator):
    pinned = (Pinned("numpy", "0.0.1", (HASH,)), Pinned("no-such-package", "1.0+local", (HASH,)))
    document = sbom.bill(pinned, [Requirement("numpy"), Requirement("elsewhere")], ("p", "1"))
    assert all("licenses" not in one for one in document["components"])
    assert [one["ref"] for one in document["dependencies"]] == ["pkg:generic/p@1"]
    assert document["dependencies"][0]["dependsOn"] == ["pkg:pypi/numpy@0.0.1"]
    assert document["components"][1]["purl"] == "pkg:pypi/no-such-package@1.0%2Blocal"
    assert list(validator.iter_errors(document)) == []


@pytest.mark.parametrize(
    ("told", "licences"),
    [
        ("License-Expression: MIT OR Apache-2.0\nLicense: x\n", [{"expression": "MIT OR Apache-2.0"}]),
        ("Classifier: License :: OSI Approved :: MIT License\nLicense: long\n", [{"license": {"name": "MIT License"}}]),
        ("License: BSD\n", [{"license": {"name": "BSD"}}]),
        (f"License: {'words ' * 30}\n", []),
        ("License: UNKNOWN\n", []),
        ("Classifier: License :: OSI Approved\n", []),
    ],
)
def test_licences(tmp_path, told, licences):
    folder = tmp_path / "x-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: x\nVersion: 1\n{told}")
    assert sbom._licences(metadata.PathDistribution(folder).metadata) == licences


def test_the_same_bytes_whenever_and_in_whichever_process(tmp_path):
    made = []
    for number in ("1", "2"):
        folder = tmp_path / number
        command = [sys.executable, "-m", "locks.sbom", "--folder", str(folder)]
        subprocess.run(
            command, cwd=PROJECT, check=True, capture_output=True, env={"PYTHONHASHSEED": number, "PATH": "/usr/bin"}
        )
        made.append([path.read_bytes() for path in sorted(folder.iterdir())])
    assert made[0] == made[1]
    assert b"timestamp" not in made[0][0]


def test_source_date_epoch_is_the_only_time(tmp_path, monkeypatch, validator):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    sbom.main(["--folder", str(tmp_path)])
    document = json.loads((tmp_path / "sbom-serving.cdx.json").read_text())
    assert document["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    assert list(validator.iter_errors(document)) == []


@pytest.mark.parametrize("line", ["numpy==1.0", "numpy>=1 --hash=sha256:" + HASH, "-e .", "git+https://x/y"])
def test_a_lock_that_pins_less_than_it_seems_to_is_refused(tmp_path, line):
    (tmp_path / "lock").write_text(f"six==1.0 --hash=sha256:{HASH}\n{line}\n")
    with pytest.raises(ValueError, match="not a package with version and hashes"):
        read(tmp_path / "lock")


def test_names_are_read_as_they_are_written_everywhere(tmp_path):
    (tmp_path / "lock").write_text(
        f"# words\nTyping_Extensions[x]==4.0 ; python_version > '3' \\\n    --hash=sha256:{HASH}\n"
    )
    assert read(tmp_path / "lock") == (Pinned("typing-extensions", "4.0", (HASH,)),)
    assert normal("A.b__C") == "a-b-c"
