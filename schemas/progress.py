"""What a long step says while it runs, to whoever listens in this process; nobody has to.

A listener holds for what is called inside `listening` only, so that steps, trials and tests do not hear one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Progress:
    """A training after one more epoch.

    epoch : that ended, from 1.  epochs : there are at most; early stopping may need fewer.
    loss : of the train rows in this epoch.  eval_loss : of the eval rows after it.  best_epoch : lowest eval loss so far.
    seconds : since the training began.  left_seconds : if all epochs run.
    training, trainings : which of several this is, from 1; 0 where it is the only one.
    """

    epoch: int
    epochs: int
    loss: float
    eval_loss: float
    best_epoch: int
    seconds: float
    left_seconds: float
    training: int = 0
    trainings: int = 0


Listener = Callable[[Progress], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def tell(progress: Progress) -> None:
    """Hands it to the listener, if there is one."""
    hear = _listener.get()
    if hear is not None:
        hear(progress)


@contextmanager
def listening(hear: Listener) -> Iterator[None]:
    """`hear` gets what is told inside."""
    token = _listener.set(hear)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def one_of(training: int, trainings: int) -> Iterator[None]:
    """What is told inside is about one of several trainings."""
    outer = _listener.get()
    with listening(lambda p: outer(replace(p, training=training, trainings=trainings)) if outer else None):
        yield


def left(ends: Sequence[float], epochs: int) -> float:
    """Seconds until the last of `epochs` ends, at the pace so far.

    ends : when each epoch ended, in seconds from the start. The first one counts only where it is all there is, because
        the graph is made in it.

    >>> left([9.0, 11.0, 13.0], 5), left([9.0], 3)
    (4.0, 18.0)
    """
    pace = (ends[-1] - ends[0]) / (len(ends) - 1) if len(ends) > 1 else ends[0]
    return pace * (epochs - len(ends))
