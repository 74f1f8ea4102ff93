"""`make audit`: known vulnerabilities of what the locks install, asked of a public database by pip-audit.

Ends with 0 where every package was looked up and nothing is known, 1 where something is, 3 where not every package could be looked up and
nothing is known of the others, and 64 where the list of ignored ones is wrong. Nobody is told "none" who was not answered.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from locks import ignored as ignoring
from locks.ignored import Ignored
from locks.reading import LOCKS, Pinned, normal, read
from schemas.errors import EXIT_DONE, EXIT_ERROR, SluicegateError

EXIT_NOT_ASKED = 3
#: In this order until one answers: PyPI's own JSON API, then OSV.
SERVICES = ("pypi", "osv")
#: CVE-2019-10906.
PROBE = Pinned("jinja2", "2.10", ())
_PATIENCE = 900
_MANY = 6


@dataclass(frozen=True)
class Known:
    """One vulnerability of one package.  names : its id first, then what else it is called.  fixed_in : versions."""

    package: str
    version: str
    names: tuple[str, ...]
    fixed_in: tuple[str, ...] = ()
    summary: str = ""

    def __str__(self) -> str:
        fixed = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no version without it is known"
        also = f" ({', '.join(self.names[1:])})" if len(self.names) > 1 else ""
        return f"{self.package} {self.version}: {self.names[0]}{also}; {fixed}"


@dataclass(frozen=True)
class Answer:
    """What a database said of a lock.  not_asked : package to why nothing is known of it."""

    known: tuple[Known, ...] = ()
    not_asked: Mapping[str, str] = field(default_factory=dict)


Ask = Callable[[Sequence[Pinned], str, Sequence[str]], Answer]


@dataclass(frozen=True)
class Outcome:
    """open : findings.  passed : with what lets them pass.  expired, idle : entries of the list that let nothing pass."""

    open: tuple[Known, ...]
    passed: tuple[tuple[Known, Ignored], ...]
    expired: tuple[Ignored, ...]
    idle: tuple[Ignored, ...]
    not_asked: Mapping[str, str]

    @property
    def exit_code(self) -> int:
        if self.open:
            return EXIT_ERROR
        return EXIT_NOT_ASKED if self.not_asked else EXIT_DONE


def answer_of(report: Mapping[str, Any], pinned: Sequence[Pinned]) -> Answer:
    """What pip-audit's JSON says of these packages; one that it skipped, or did not name, was not looked up.

    pip-audit itself ends with 0 and "No known vulnerabilities found" where the database did not know a single package.
    """
    told = {(normal(one["name"]), one.get("version")): one for one in report["dependencies"]}
    skipped = {normal(one["name"]): one for one in report["dependencies"] if "skip_reason" in one}
    known: list[Known] = []
    not_asked: dict[str, str] = {}
    for one in pinned:
        found = told.get((one.name, one.version)) or skipped.get(one.name)
        if found is None or "vulns" not in found:
            why = str(found["skip_reason"]) if found else "pip-audit did not name it"
            not_asked[one.name] = why.replace(f"{one.name} ({one.version})", "it")
            continue
        known += [
            Known(one.name, one.version, (v["id"], *sorted(v["aliases"])), tuple(v["fix_versions"]), v["description"])
            for v in found["vulns"]
        ]
    return Answer(tuple(known), not_asked)


def judge(answer: Answer, ignored: Sequence[Ignored], today: date) -> Outcome:
    """What is open once the list has been looked through."""
    findings = sorted(set(answer.known), key=lambda k: (k.package, k.version, k.names))
    in_force = [one for one in ignored if today < one.until]
    pairs = [(k, next((i for i in in_force if i.covers(k.package, k.names)), None)) for k in findings]
    passed = tuple((known, entry) for known, entry in pairs if entry)
    used = [entry for _, entry in passed]
    return Outcome(
        tuple(known for known, entry in pairs if entry is None),
        passed,
        tuple(one for one in ignored if one not in in_force),
        tuple(one for one in in_force if one not in used),
        answer.not_asked,
    )


def ask(pinned: Sequence[Pinned], program: str, service: Sequence[str]) -> Answer:
    """Runs pip-audit on these packages; whatever keeps it from answering is why none was looked up."""
    with tempfile.TemporaryDirectory() as folder:
        # Bare pins: a lock's markers would hide the packages of the other system, and files need not be fetched.
        plain, report = Path(folder) / "requirements.txt", Path(folder) / "report.json"
        plain.write_text("".join(f"{one.name}=={one.version}\n" for one in pinned), encoding="utf-8")
        command = [
            program,
            "--requirement",
            str(plain),
            "--no-deps",
            "--disable-pip",
            "--format=json",
            f"--output={report}",
            "--progress-spinner=off",
            "--aliases=on",
            "--desc=on",
            *service,
        ]
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL
            )
            said = [line for line in ended.stderr.splitlines() if line.strip()] or [f"it ended with {ended.returncode}"]
            return answer_of(json.loads(report.read_text(encoding="utf-8")), pinned)
        except subprocess.TimeoutExpired:
            said = [f"no answer within {_PATIENCE} s"]
        except OSError as error:
            said = said if isinstance(error, FileNotFoundError) and error.filename == str(report) else [str(error)]
        except (ValueError, KeyError, TypeError):
            said = ["its report cannot be read"]
        return Answer(not_asked=dict.fromkeys((one.name for one in pinned), said[-1].strip()))


def ask_all(program: str, services: Sequence[Sequence[str]], asking: Ask = ask) -> tuple[str, Answer]:
    """The name of the first database that can be trusted with the question, and what it says of the packages of all locks.

    A mirror of a package index answers as PyPI does and knows no vulnerability; pip-audit takes that for good news. So each database is first
    asked about a package that has had one since 2019.
    """
    everything = sorted({one for lock in LOCKS.values() for one in read(lock)}, key=lambda one: (one.name, one.version))
    reasons = []
    for service in services:
        probed = asking([PROBE], program, service)
        if probed.known:
            return service[-1], asking(everything, program, service)
        why = probed.not_asked.get(PROBE.name, f"it knows nothing against {PROBE.name} {PROBE.version}")
        reasons.append(f"{service[-1]}: {why}")
    return "", Answer(not_asked=dict.fromkeys((one.name for one in everything), "; ".join(reasons)))


def lines(outcome: Outcome, database: str) -> list[str]:
    """What a person reads."""
    said = [f"VULNERABLE   {one}" for one in outcome.open]
    said += [f"let pass     {one}; until {i.until}: {i.reason}" for one, i in outcome.passed]
    said += [
        f"expired      {i.package} {i.id}: let pass until {i.until}; look again, mend or renew" for i in outcome.expired
    ]
    said += [
        f"idle         {i.package} {i.id}: nothing in the locks has it; take it off the list" for i in outcome.idle
    ]
    reasons: dict[str, list[str]] = {}
    for name, why in outcome.not_asked.items():
        reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
        said.append(f"NOT ASKED    {len(names)} packages ({', '.join(sorted(names)[:_MANY])}{more}): {why}")
    return [*said, _sum(outcome, database)]


def _sum(outcome: Outcome, database: str) -> str:
    if outcome.open:
        return f"{len(outcome.open)} known vulnerabilities. Raise the versions (make lock), or let one pass for a while in locks/ignored.toml."
    if outcome.not_asked:
        return (
            "The vulnerability database could not be asked about every package, so this says nothing about those. "
            "Reach pypi.org or api.osv.dev from here, or name a mirror of OSV: make audit OSV_URL=https://..."
        )
    return f"No known vulnerability in {len(LOCKS)} locks, each package looked up ({database})."


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m locks.audit", description=__doc__)
    parser.add_argument("--pip-audit", required=True, metavar="PROGRAM", help="pip-audit, as `make audit` installs it")
    parser.add_argument(
        "--osv-url", default=os.environ.get("OSV_URL", ""), metavar="URL", help="ask this mirror of OSV only"
    )
    given = parser.parse_args(argv)
    mirror = [("--osv-url", given.osv_url, "--vulnerability-service", "osv")]
    services = mirror if given.osv_url else [("--vulnerability-service", name) for name in SERVICES]
    try:
        ignored = ignoring.read()
        database, answer = ask_all(given.pip_audit, services)
    except SluicegateError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    outcome = judge(answer, ignored, datetime.now(UTC).date())
    print("\n".join(lines(outcome, database)))
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main())
