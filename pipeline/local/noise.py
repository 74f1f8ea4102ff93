"""Sends what TensorFlow, absl and Beam print into the run's log, C++ included, and keeps a way to the terminal."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO


@contextmanager
def into(log: Path) -> Iterator[TextIO]:
    """Redirects file descriptors 1 and 2 into `log`; yields a stream to the original standard output."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    # Beam builds an argparse parser per option it looks up, and each one searches the disk for translations.
    os.environ["LANGUAGE"] = "C"
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with log.open("a", encoding="utf-8") as file, os.fdopen(os.dup(1), "w", encoding="utf-8") as terminal:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        handler = logging.StreamHandler(file)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname).1s %(name)s: %(message)s"))
        logging.getLogger().addHandler(handler)
        try:
            with redirect_stdout(file), redirect_stderr(file), warnings.catch_warnings():
                warnings.simplefilter("default")
                yield terminal
        finally:
            file.flush()
            logging.getLogger().removeHandler(handler)
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
            os.close(kept[0])
            os.close(kept[1])
