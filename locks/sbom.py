"""`make sbom`: a CycloneDX bill of materials (1.6, JSON) for each lock. The same locks and packages give the same bytes.

Names, versions and hashes are the lock's. Licences, and which package needs which, are what the packages themselves say where they are
installed in this environment in the lock's version; of others neither is known, and neither is claimed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tomllib
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from locks.reading import LOCKS, PROJECT, Pinned, normal, read

SPECIFICATION = "1.6"
Find = Callable[[str], "metadata.Distribution | None"]


def installed(name: str) -> metadata.Distribution | None:
    """The package in this environment, or None."""
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def bill(
    pinned: Sequence[Pinned], wanted: Sequence[Requirement], project: tuple[str, str], find: Find = installed
) -> dict[str, Any]:
    """The document.

    wanted : what the project itself asks for.  project : its name and version.
    """
    by_name = {one.name: one for one in pinned}
    present = {name: found for name in by_name if (found := _same(by_name[name], find))}
    root = f"pkg:generic/{project[0]}@{project[1]}"
    needs = _needs(by_name, present, wanted)
    depends = [{"ref": root, "dependsOn": _refs(by_name, {normal(one.name) for one in wanted})}]
    depends += [{"ref": by_name[name].purl, "dependsOn": _refs(by_name, needs[name])} for name in sorted(present)]
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": project[0],
                "version": project[1],
                "purl": root,
            }
        },
        "components": [_component(one, present.get(one.name)) for one in pinned],
        "dependencies": depends,
    }
    # A name for this content, and for no other.
    name = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return {**document, "serialNumber": f"urn:uuid:{name}"}


def _same(one: Pinned, find: Find) -> metadata.Distribution | None:
    """The package as installed, if that is what the lock names."""
    found = find(one.name)
    return found if found is not None and found.version == one.version else None


def _component(one: Pinned, found: metadata.Distribution | None) -> dict[str, Any]:
    component = {
        "type": "library",
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "purl": one.purl,
        "hashes": [{"alg": "SHA-256", "content": content} for content in one.sha256],
    }
    licences = _licences(found.metadata) if found else []
    return {**component, "licenses": licences} if licences else component


def _licences(told: Any) -> list[dict[str, Any]]:
    """PEP 639's expression where there is one, else what the classifiers name, else a short word of the author's."""
    expression = told.get("License-Expression")
    if expression:
        return [{"expression": expression}]
    classifiers = [c for c in told.get_all("Classifier") or () if c.startswith("License :: ")]
    names = sorted({c.split(" :: ")[-1] for c in classifiers} - {"OSI Approved"})
    if not names:
        word = (told.get("License") or "").strip()
        names = [word] if 0 < len(word) <= 64 and "\n" not in word and word != "UNKNOWN" else []
    return [{"license": {"name": name}} for name in names]


def _needs(
    by_name: dict[str, Pinned], present: dict[str, metadata.Distribution], wanted: Sequence[Requirement]
) -> dict[str, set[str]]:
    """Which packages of the lock each one needs; extras count from where somebody asks for them."""
    needs: dict[str, set[str]] = {name: set() for name in by_name}
    waiting = [(normal(one.name), extra) for one in wanted for extra in ("", *sorted(one.extras))]
    waiting += [(name, "") for name in present]
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen or name not in present:
            continue
        seen.add((name, extra))
        for one in _required(present[name], extra):
            needed = normal(one.name)
            if needed in by_name:
                needs[name].add(needed)
                waiting += [(needed, asked) for asked in ("", *sorted(one.extras))]
    return needs


def _required(found: metadata.Distribution, extra: str) -> Iterator[Requirement]:
    for text in found.requires or ():
        one = Requirement(text)
        if one.marker is None or one.marker.evaluate({"extra": extra}):
            yield one


def _refs(by_name: dict[str, Pinned], names: set[str]) -> list[str]:
    return [by_name[name].purl for name in sorted(names) if name in by_name]


def stamped(document: dict[str, Any], epoch: str | None) -> dict[str, Any]:
    """With the time of SOURCE_DATE_EPOCH (seconds since 1970), where that is set; with no time else."""
    if not epoch:
        return document
    at = datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**document, "metadata": {"timestamp": at, **document["metadata"]}}


def wanted_of(lock: str) -> list[Requirement]:
    """What the project itself asks for in this lock."""
    if lock == "serving":
        lines = (PROJECT / "deploy" / "serving" / "requirements.in").read_text(encoding="utf-8").splitlines()
        return [Requirement(line) for line in lines if re.match(r"[A-Za-z0-9]", line)]
    told = _pyproject()
    asked = [
        *told["project"]["dependencies"],
        *told["project"]["optional-dependencies"]["pipeline"],
        *told["dependency-groups"]["dev"],
    ]
    return [Requirement(text) for text in asked]


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m locks.sbom", description=__doc__)
    parser.add_argument("--folder", default="build", metavar="FOLDER", help="where the files go (default: build)")
    folder = Path(parser.parse_args(argv).folder)
    folder.mkdir(parents=True, exist_ok=True)
    project = _pyproject()["project"]
    for name, lock in LOCKS.items():
        document = bill(read(lock), wanted_of(name), (project["name"], project["version"]))
        file = folder / f"sbom-{name}.cdx.json"
        text = json.dumps(stamped(document, os.environ.get("SOURCE_DATE_EPOCH")), indent=1, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")
        licensed = sum("licenses" in one for one in document["components"])
        print(f"{file}: {len(document['components'])} packages, {licensed} with licences")
    return 0


if __name__ == "__main__":
    sys.exit(main())
