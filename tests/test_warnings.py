"""What the project's own list of warnings lets through, and that a leak fails the test in which it is found."""

import tomllib
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
PROJECT = Path(__file__).resolve().parents[1]
LEAKS = {
    "a socket": "import socket\n\ndef leak():\n    socket.socket()\n",
    "a file": "def leak():\n    open(__file__)\n",
    "an error in a destructor": "class Odd:\n    def __del__(self):\n        raise ValueError\n\ndef leak():\n    Odd()\n",
    "an event loop": "import asyncio\n\ndef leak():\n    asyncio.new_event_loop()\n    import gc\n    gc.collect()\n",
    "a coroutine that nobody awaited": "async def work():\n    pass\n\ndef leak():\n    work()\n",
}


@pytest.fixture
def judged(pytester):
    """judged(source): how a test that calls `leak` of a module of ours ends under the project's filter."""
    ours = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["filterwarnings"]
    lines = "".join(f"    {line}\n" for line in ours)
    pytester.makeini(f"[pytest]\nfilterwarnings =\n{lines}")

    def run(source):
        pytester.makepyfile(ours=source, test_it="import ours\n\ndef test_it():\n    ours.leak()\n")
        return pytester.runpytest_subprocess("-p", "no:cacheprovider")

    return run


@pytest.mark.parametrize("source", LEAKS.values(), ids=LEAKS)
def test_a_leak_of_ours_fails_the_test(judged, source):
    judged(source).assert_outcomes(failed=1)


def test_a_module_that_leaks_nothing_passes(judged):
    judged("import socket\n\ndef leak():\n    socket.socket().close()\n").assert_outcomes(passed=1)
