import logging
import os
import sys

from pipeline.local import noise


def test_everything_printed_goes_to_the_log_and_the_terminal_stays_reachable(tmp_path, capfd):
    log = tmp_path / "log.txt"
    with noise.into(log) as terminal:
        print("from python")
        print("to stderr", file=sys.stderr)
        os.write(2, b"from C\n")
        logging.getLogger("absl").warning("from logging")
        print("to the user", file=terminal)
    print("afterwards")
    seen = capfd.readouterr()
    assert seen.out == "to the user\nafterwards\n"
    assert seen.err == ""
    written = log.read_text()
    for line in ("from python", "to stderr", "from C", "from logging"):
        assert line in written
