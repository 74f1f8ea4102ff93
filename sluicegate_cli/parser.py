"""argparse with our exit code and our words: its own errors end with 2, which here means that a gate refused."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from schemas.errors import Problem, UsageError
from schemas.names import did_you_mean

_CHOICE = re.compile(r"invalid choice: '(?P<got>[^']*)' \(choose from (?P<known>.*)\)")
_REQUIRED = re.compile(r"the following arguments are required: (?P<missing>.*)")
_UNKNOWN = re.compile(r"unrecognized arguments: (?P<got>.*)")


class Parser(argparse.ArgumentParser):
    """Raises UsageError for what it cannot parse; abbreviated options are not guessed."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**{**kwargs, "allow_abbrev": False})

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        """As argparse's, but each verb refuses what it does not know, instead of handing it up to the verbs' parent."""
        namespace, rest = super().parse_known_args(*args, **kwargs)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return namespace, rest

    def error(self, message: str) -> NoReturn:
        choice, unknown = _CHOICE.search(message), _UNKNOWN.search(message)
        if choice:
            known = re.findall(r"'([^']*)'", choice["known"])
            raise self._wrong(choice["got"], ", ".join(known), did_you_mean(choice["got"], known))
        if unknown:
            options = [o for action in self._actions for o in action.option_strings if o.startswith("--")]
            raise self._wrong(unknown["got"], ", ".join(options), did_you_mean(unknown["got"].split()[0], options))
        required = _REQUIRED.search(message)
        if required:
            message = f"nothing for {required['missing']}, which is required"
        raise self._wrong(message, self.format_usage().removeprefix("usage: ").strip(), "")

    def _wrong(self, got: str, allowed: str, remedy: str) -> UsageError:
        allowed = " ".join(allowed.split())
        remedy = remedy or f"see `{self.prog} --help`"
        return UsageError("The command line is wrong.", Problem(f"`{self.prog}`", got, allowed, remedy))


class VersionAction(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **kwargs: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **kwargs)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"sluicegate {version('sluicegate')}")
        parser.exit()
