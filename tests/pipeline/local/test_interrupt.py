import signal

import pytest

from pipeline.local.interrupt import Interrupt


def test_an_interrupt_that_a_callback_swallowed_is_raised_at_the_next_check():
    before = signal.getsignal(signal.SIGINT)
    interrupt = Interrupt()
    interrupt.check()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupt.check()
    interrupt.forget()
    assert signal.getsignal(signal.SIGINT) is before
