"""What is told reaches the listener of its own time, and nobody has to listen."""

from dataclasses import replace

from schemas import progress
from schemas.progress import Progress

ONE = Progress(1, 3, 0.5, 0.6, 1, 2.0, 4.0)


def test_only_what_is_told_inside_is_heard():
    heard = []
    progress.tell(ONE)
    with progress.listening(heard.append):
        progress.tell(ONE)
        with progress.one_of(2, 8):
            progress.tell(ONE)
    progress.tell(ONE)
    assert heard == [ONE, replace(ONE, training=2, trainings=8)]


def test_a_training_of_several_needs_no_listener():
    with progress.one_of(1, 2):
        progress.tell(ONE)


def test_the_first_epoch_is_no_measure_once_there_is_another():
    assert progress.left([30.0], 3) == 60.0
    assert progress.left([30.0, 31.0], 3) == 1.0
    assert progress.left([1.0, 2.0, 3.0], 3) == 0.0
