"""The examples of docs/python.md say what really comes out."""

import doctest
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "python.md"


def test_the_examples_run(output, monkeypatch):
    monkeypatch.chdir(output.parents[1])
    # The end of a block is no output.
    text = PAGE.read_text(encoding="utf-8").replace("```\n", "\n")
    examples = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    found = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples)
    assert found.attempted > 8
    assert found.failed == 0
