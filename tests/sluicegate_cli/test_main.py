import subprocess
import sys
import time

import pytest

from schemas import errors
from sluicegate_cli import __main__ as command
from tests.sluicegate_cli.conftest import PROJECT

HEAVY = (
    "tensorflow",
    "tfx",
    "apache_beam",
    "ml_metadata",
    "pydantic",
    "yaml",
    "rich",
    "pyarrow",
    "numpy",
    "jinja2",
    "google.protobuf",
)
VERBS = ("init", "run", "runs", "lineage", "schema", "settings", "doctor", "report", "frontier")


def _loaded_by(*words):
    """Heavy modules that a command imported, in a process of its own."""
    program = (
        "import sys\nfrom sluicegate_cli.__main__ import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, cwd=PROJECT, check=True
    )
    return done.stdout.rpartition("LOADED ")[2].strip()


@pytest.mark.parametrize("words", [["--help"], ["--version"], *([verb, "--help"] for verb in VERBS)])
def test_help_and_version_import_nothing_heavy(words):
    assert _loaded_by(*words) == "[]"


def test_help_is_quick():
    seconds = []
    for _ in range(3):
        start = time.monotonic()
        subprocess.run([sys.executable, "-m", "sluicegate_cli", "--help"], cwd=PROJECT, capture_output=True, check=True)
        seconds.append(time.monotonic() - start)
    assert min(seconds) < 0.5


def test_help_lists_every_verb_and_the_exit_codes():
    text = command.parser().format_help()
    assert all(f"    {verb} " in text for verb in VERBS)
    assert "0 done; 2 a gate refused; 1 an error; 64 wrong usage or settings" in text


def test_version_is_the_installed_one(call, capsys):
    from importlib.metadata import version

    with pytest.raises(SystemExit) as raised:
        call("--version")
    assert not raised.value.code
    assert capsys.readouterr().out == f"sluicegate {version('sluicegate')}\n"


@pytest.mark.parametrize(
    ("words", "got", "remedy"),
    [
        ([], "VERB, which is required", "sluicegate --help"),
        (["rnu"], "rnu", "did you mean run?"),
        (["runs", "--jsn"], "--jsn", "did you mean --json?"),
        (["run", "--config"], "argument --config", "sluicegate run --help"),
        (["run", "--conf", "x"], "--conf", "--config"),
        (["lineage", "--version", "x"], "'x'", "sluicegate lineage --help"),
        (["lineage", "--version", "1", "--run", "2"], "not allowed with", "sluicegate lineage --help"),
        (["schema", "acept"], "acept", "did you mean accept?"),
    ],
)
def test_a_wrong_command_line_ends_with_64_and_four_parts(call, words, got, remedy):
    ended = call(*words)
    assert ended.code == 64
    assert ended.out == ""
    headline, _, where, got_line, allowed, do = ended.err.rstrip("\n").split("\n")
    assert headline == "The command line is wrong."
    assert where.startswith("  where:   `sluicegate")
    assert got in got_line
    assert allowed.startswith("  allowed: ")
    assert remedy in do


def _classes(base):
    return [base, *(deeper for child in base.__subclasses__() for deeper in _classes(child))]


@pytest.mark.parametrize("kind", _classes(errors.SluicegateError))
def test_every_error_ends_with_its_code_and_no_traceback(call, monkeypatch, kind):
    def fail(_):
        raise kind("Headline.", errors.Problem("the place", "this", "that", "do so"))

    monkeypatch.setattr(command.settings, "main", fail)
    ended = call("settings")
    assert ended.code == kind.exit_code
    assert ended.code in (1, 64)
    assert ended.err == "Headline.\n\n  where:   the place\n  got:     this\n  allowed: that\n  do:      do so\n"


def test_a_bug_shows_itself_whole(call, monkeypatch):
    monkeypatch.setattr(command.settings, "main", lambda _: {}["gone"])
    ended = call("settings")
    assert ended.code == 1
    assert "Traceback" in ended.err
    assert "KeyError: 'gone'" in ended.err
    assert ended.err.rstrip().endswith(command.BUG)


def test_an_interrupt_is_one_line(call, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command.settings, "main", interrupt)
    ended = call("settings")
    assert (ended.code, ended.err) == (1, "Interrupted.\n")


def test_a_reader_that_goes_away_is_no_bug():
    words = f"{sys.executable} -m sluicegate_cli settings --json | head -n 1"
    done = subprocess.run(words, shell=True, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == "[\n"


def test_run_takes_what_local_runner_takes():
    import local_runner

    verbs = next(a for a in command.parser()._actions if a.dest == "verb").choices
    both = [
        sorted(str((*a.option_strings, a.default)) for a in parser._actions if a.dest != "help")
        for parser in (verbs["run"], local_runner.parser())
    ]
    assert both[0] == both[1]
