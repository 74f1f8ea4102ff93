"""local_runner.py with a serving folder that no setting can name yet: the environment variable SERVING_AT, a path or URI."""

import os
import sys

from pipeline.local import run
from pipeline.local.entry import main

if __name__ == "__main__":
    run.serving_place = lambda loaded, folder: os.environ["SERVING_AT"]
    sys.exit(main(sys.argv[1:]))
