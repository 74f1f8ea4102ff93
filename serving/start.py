"""Sets up what a process needs once, and runs the server in it."""

from __future__ import annotations

import logging
import os

from serving.options import Options


def start(options: Options) -> None:
    """Blocks until the server has drained. Raises SluicegateError when it cannot start."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.basicConfig(format="%(asctime)s %(levelname).1s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("sluicegate").setLevel(logging.INFO)
    import uvloop

    from serving.server import serve

    uvloop.run(serve(options))
