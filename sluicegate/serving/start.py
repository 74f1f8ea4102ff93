"""Sets up what a process needs once, and runs the server in it."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from schemas.errors import MachineError, Problem
from sluicegate.serving import parent
from sluicegate.serving.options import Options


def start(options: Options) -> None:
    """Blocks until the server has drained. Raises SluicegateError when it cannot start."""
    if parent.VARIABLE in os.environ:
        parent.end_with(int(os.environ[parent.VARIABLE]))
    place = options.model_config_file or options.model_base_path
    if isinstance(place, Path) and not place.exists():
        # TensorFlow takes seconds to come; a wrong path need not wait for it.
        raise MachineError(
            "There is nothing to serve.", Problem(str(place), "no such file or folder", "", "correct the path")
        )
    # No answer needs Keras, and without it TensorFlow's import takes half the time.
    for unneeded in ("keras", "tf_keras"):
        sys.modules.setdefault(unneeded, None)  # type: ignore[arg-type]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.basicConfig(format="%(asctime)s %(levelname).1s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("sluicegate").setLevel(logging.INFO)
    import uvloop

    from sluicegate.serving.server import serve

    uvloop.run(serve(options))
