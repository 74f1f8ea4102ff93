"""What can go wrong, said in four parts: headline, place, what was got against what is allowed, what to do.

    SluicegateError                 exit 1   any error we foresee; prints no traceback
      DataError                     exit 1   the table cannot be used as it is
      MachineError                  exit 1   disk, permissions, locks, databases, missing programs
      ModelError                    exit 1   a folder holds no model that can be used
      StepFailed                    exit 1   a pipeline step raised; the log holds the traceback
      UsageError                    exit 64  wrong command line
        SettingsError               exit 64  wrong settings, all problems together

A gate that says no is not an error: it is a verdict (schemas/verdict.py) and ends with exit 2.
"""

from __future__ import annotations

from dataclasses import dataclass

EXIT_DONE = 0
EXIT_ERROR = 1
EXIT_REFUSED = 2
EXIT_USAGE = 64


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    place : where it is: "data/my.csv, row 17, column 'age'" or "configs/my.yaml, line 4, key training.epoch".
    got, allowed : what was found there and what may be there; either may be empty.
    remedy : what the reader can do about it, as an imperative sentence.
    """

    place: str
    got: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        parts = [f"  where:   {self.place}"]
        parts += [f"  got:     {self.got}"] if self.got else []
        parts += [f"  allowed: {self.allowed}"] if self.allowed else []
        return "\n".join([*parts, f"  do:      {self.remedy}"])


class SluicegateError(Exception):
    """An error we foresee. `str()` of it is everything the user needs to read."""

    exit_code = EXIT_ERROR

    def __init__(self, headline: str, *problems: Problem) -> None:
        super().__init__(headline)
        self.headline = headline
        self.problems = problems

    def __str__(self) -> str:
        return "\n\n".join([self.headline, *map(str, self.problems)])


class DataError(SluicegateError):
    """The user's table cannot be used as it is."""


class MachineError(SluicegateError):
    """The machine does not let us: disk, permissions, locks, databases, missing programs."""


class ModelError(SluicegateError):
    """A folder holds no model that can be used."""


class StepFailed(SluicegateError):
    """A step of the pipeline raised; its traceback is in the run's log."""


class UsageError(SluicegateError):
    """The command line is wrong."""

    exit_code = EXIT_USAGE


class SettingsError(UsageError):
    """The settings file is wrong; `problems` holds every problem found, not the first."""
