"""What every console says of a run, in the same words."""

from __future__ import annotations

from collections.abc import Callable

from schemas.progress import Progress
from schemas.records import RunResult, State
from schemas.refusals import standing_of

#: From a settings key to "configs/census.yaml:31": LoadedSettings.where.
Where = Callable[[str], str]


def verdict_line(result: RunResult) -> str:
    """The one line that says how the run ended.

    >>> verdict_line(RunResult("r1", "census", "PASSED", 0, "", 83.4, pushed_version=4))
    'PASSED: version 4 of census, in 83 s (run r1)'
    """
    where = standing_of(result)
    aside = [gate for gate in result.gates if gate in where.beside]
    if result.verdict == "PASSED":
        what = f"version {result.pushed_version} of {result.name}" if result.pushed_version is not None else result.name
    elif result.verdict == "REFUSED":
        named = [gate.gate for gate in where.refused]
        what = f"{result.name} by {' and '.join(named)}" if named else result.name
    else:
        failed = next((s.step for s in result.steps if s.state is State.FAILED), "")
        what = f"{result.name} in {failed}" if failed else result.name
    beside = "".join(f"; {gate.gate} is {gate.status.value}, see the report" for gate in aside)
    return f"{result.verdict}: {what}, in {show_seconds(result.seconds)} (run {result.run_id}){beside}"


def show_seconds(seconds: float) -> str:
    """A duration for people.

    >>> [show_seconds(s) for s in (0.04, 9.26, 83.4, 4000)]
    ['0.0 s', '9.3 s', '83 s', '66 min 40 s']
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 599.5:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def progress_line(progress: Progress) -> str:
    """How far a training is.

    >>> progress_line(Progress(7, 20, 0.28012, 0.29911, 6, 21.0, 39.0))
    'epoch 7 of 20, loss 0.2801, eval 0.2991, at most 39 s left'
    """
    p = progress
    which = f"training {p.training} of {p.trainings}, " if p.trainings else ""
    left = f"at most {show_seconds(p.left_seconds)} left" if p.epoch < p.epochs else "the last one"
    return f"{which}epoch {p.epoch} of {p.epochs}, loss {p.loss:.4g}, eval {p.eval_loss:.4g}, {left}"
