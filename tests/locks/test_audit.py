"""`make audit` says "none" only where every package was looked up, in a database that knows what is known."""

import http.server
import json
import os
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from locks import audit, ignored
from locks.audit import Answer, Known
from locks.ignored import Ignored
from locks.reading import PROJECT, Pinned
from schemas.errors import UsageError

TODAY = date(2026, 11, 28)
HERE = (Pinned("jinja2", "3.1", ()), Pinned("six", "1.17.0", ()))
FOUND = Known("jinja2", "3.1", ("PYSEC-1", "CVE-1", "GHSA-1"), ("3.2",), "words")


def report(*vulnerable, skipped=()):
    """pip-audit's JSON (2.10), of HERE."""
    return {
        "dependencies": [
            {"name": one.name, "skip_reason": "Dependency not found on PyPI and could not be audited: " f"{one.name} ({one.version})"}
            if one.name in skipped
            else {
                "name": one.name, "version": one.version,
                "vulns": [{"id": v, "fix_versions": ["3.2"], "aliases": ["CVE-1", "GHSA-1"], "description": "words"}
                          for v in vulnerable if one.name == "jinja2"],
            }
            for one in HERE
        ],
        "fixes": [],
    }  # fmt: skip


def entry(**changes):
    return Ignored(
        **{"id": "CVE-1", "package": "Jinja2", "reason": "Ada: not reached", "until": date(2027, 1, 1), **changes}
    )


def test_nothing_known():
    outcome = audit.judge(audit.answer_of(report(), HERE), (), TODAY)
    assert outcome.exit_code == 0
    assert audit.lines(outcome, "pypi")[-1].startswith("No known vulnerability")


def test_a_finding_with_its_names_and_the_version_that_mends_it():
    outcome = audit.judge(audit.answer_of(report("PYSEC-1"), HERE), (), TODAY)
    assert (outcome.open, outcome.exit_code) == ((FOUND,), 1)
    assert audit.lines(outcome, "pypi")[0] == "VULNERABLE   jinja2 3.1: PYSEC-1 (CVE-1, GHSA-1); fixed in 3.2"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (audit.answer_of(report(skipped=("six",)), HERE), "not found on PyPI"),
        (audit.answer_of({"dependencies": report()["dependencies"][:1]}, HERE), "did not name it"),
    ],
)
def test_a_package_that_was_not_looked_up_is_not_called_safe(answer, why):
    outcome = audit.judge(answer, (), TODAY)
    assert outcome.exit_code == audit.EXIT_NOT_ASKED
    said = audit.lines(outcome, "pypi")
    assert why in said[0]
    assert "six" in said[0]
    assert "No known" not in "\n".join(said)
    assert audit.judge(Answer((FOUND,), answer.not_asked), (), TODAY).exit_code == 1


@pytest.mark.parametrize("name", ["PYSEC-1", "cve-1", "GHSA-1"])
def test_one_may_pass_for_a_while_by_any_of_its_names(name):
    outcome = audit.judge(Answer((FOUND,)), (entry(id=name),), TODAY)
    assert outcome.exit_code == 0
    assert "until 2027-01-01: Ada: not reached" in audit.lines(outcome, "pypi")[0]


@pytest.mark.parametrize("changes", [{"until": TODAY}, {"package": "six"}, {"id": "CVE-2"}])
def test_an_entry_that_has_expired_or_is_about_another_lets_nothing_pass(changes):
    outcome = audit.judge(Answer((FOUND,)), (entry(**changes),), TODAY)
    assert (outcome.open, outcome.exit_code) == ((FOUND,), 1)
    word = "expired" if "until" in changes else "idle"
    assert any(line.startswith(word) for line in audit.lines(outcome, "pypi"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[[ignored]]\nid = "a"\npackage = "b"\nuntil = 2027-01-01\n', "no `reason`"),
        ('[[ignored]]\nid = "a"\npackage = "b"\nreason = " "\nuntil = 2027-01-01\n', "reason"),
        ('[[ignored]]\nid = "a"\npackage = "b"\nreason = "c"\n', "no `until`"),
        ('[[ignored]]\nid = "a"\npackage = "b"\nreason = "c"\nuntil = "soon"\n', "until: 'soon'"),
        ('[[ignored]]\nid = "a"\npackage = "b"\nreason = "c"\nuntil = 2027-01-01\nby = "d"\n', "'by'"),
        ("[[ignore]]\n", "'ignore'"),
        ("ignored = 3 3\n", "ignored.toml"),
    ],
)
def test_an_entry_without_reason_or_day_is_refused(tmp_path, text, place):
    (tmp_path / "ignored.toml").write_text(text)
    with pytest.raises(UsageError) as error:
        ignored.read(tmp_path / "ignored.toml")
    assert place in str(error.value)


def test_the_list_in_the_repository_can_be_read():
    assert isinstance(ignored.read(), tuple)


class TestDatabases:
    def asking(self, **answers):
        """What each service answers when it is asked about the probe, and then about everything."""
        heard = []

        def ask(pinned, program, service):
            heard.append((service[-1], len(pinned)))
            return answers[service[-1]][0 if list(pinned) == [audit.PROBE] else 1]

        return ask, heard

    def test_the_first_that_knows_what_is_known_is_asked(self):
        ask, heard = self.asking(pypi=(Answer(), None), osv=(Answer((FOUND,)), Answer()))
        database, answer = audit.ask_all("", [("pypi",), ("osv",)], ask)
        assert (database, answer) == ("osv", Answer())
        assert [name for name, _ in heard] == ["pypi", "osv", "osv"]
        assert heard[-1][1] > 250

    def test_a_mirror_that_knows_no_vulnerability_at_all_is_no_database(self):
        """It answers, and pip-audit would say that nothing is known."""
        ask, heard = self.asking(pypi=(Answer(), None))
        _, answer = audit.ask_all("", [("pypi",)], ask)
        assert "knows nothing against jinja2 2.10" in answer.not_asked["tfx"]
        assert audit.judge(answer, (), TODAY).exit_code == audit.EXIT_NOT_ASKED
        assert heard == [("pypi", 1)], "nobody is asked hundreds of times for nothing"


def program(folder, body):
    """A stand-in for pip-audit."""
    path = folder / "pip-audit"
    path.write_text(
        f"#!{sys.executable}\nimport sys, json\nout = next(a for a in sys.argv if a.startswith('--output='))[9:]\n{body}\n"
    )
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            "print('ERROR: the server cannot be reached', file=sys.stderr); sys.exit(1)",
            "ERROR: the server cannot be reached",
        ),
        ("sys.exit(7)", "it ended with 7"),
        ("open(out, 'w').write('{')", "its report cannot be read"),
        ("open(out, 'w').write('[]')", "its report cannot be read"),
    ],
)
def test_whatever_keeps_pip_audit_from_answering_is_said(tmp_path, body, why):
    answer = audit.ask(HERE, program(tmp_path, body), ())
    assert answer == Answer(not_asked={"jinja2": why, "six": why})


def test_no_pip_audit(tmp_path):
    assert "No such file" in audit.ask(HERE, str(tmp_path / "nowhere"), ()).not_asked["six"]


def test_the_command_ends_with_3_and_no_traceback(tmp_path):
    stand_in = program(tmp_path, "print('no network', file=sys.stderr); sys.exit(1)")
    command = [sys.executable, "-m", "locks.audit", "--pip-audit", stand_in]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ended.returncode == audit.EXIT_NOT_ASKED
    assert "pypi: no network; osv: no network" in ended.stdout
    assert "could not be asked" in ended.stdout
    assert ended.stderr == ""


class Osv(http.server.BaseHTTPRequestHandler):
    """A database that speaks OSV's protocol and knows what is wrong with jinja2 2.10 and one package of the locks."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name, version = asked["package"]["name"], asked["version"]
        known = (
            {"vulns": [self.told("GHSA-462w-v97r-4m45", name, "2.10.1")]}
            if (name, version) == ("jinja2", "2.10")
            else {}
        )
        if name == "six":
            known = {"vulns": [self.told("GHSA-made-upfo-test", name, "9.9")]}
        body = json.dumps(known).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def told(self, name, package, fixed):
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
        affected = [{"package": {"name": package, "ecosystem": "PyPI"}, "ranges": ranges}]
        return {
            "id": name,
            "aliases": [],
            "summary": "s",
            "details": "d",
            "affected": affected,
            "published": "2019-04-10T14:30:24Z",
        }

    def log_message(self, *_):
        pass


@pytest.mark.slow
def test_the_real_pip_audit_and_a_database_of_osv_s_protocol(tmp_path):
    """`make audit` with a mirror: needs the package index once, for pip-audit itself."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"OSV_URL=http://127.0.0.1:{server.server_port}/v1/query"
        ended = subprocess.run(
            ["make", "audit", url], cwd=PROJECT, capture_output=True, text=True, check=False, env=dict(os.environ)
        )
    finally:
        server.shutdown()
    assert "VULNERABLE   six 1.17.0: GHSA-made-upfo-test; fixed in 9.9" in ended.stdout, ended.stdout + ended.stderr
    assert "1 known vulnerabilities" in ended.stdout
    assert "NOT ASKED" not in ended.stdout
    assert "Error 1" in ended.stderr


def test_no_registry_s_host_is_named():
    told = "".join(path.read_text() for path in (*Path(PROJECT / "locks").glob("*"),) if path.is_file())
    assert "index-url" not in told
    assert "--index" not in told
