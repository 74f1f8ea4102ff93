"""What every test folder may use."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

# How long one example takes says more about what else the machine does than about the code.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def pytest_collection_modifyitems(items):
    """With several workers (`make test`) a file stays with one of them, and so do all integration tests: they share runs."""
    for item in items:
        inside = item.path.is_relative_to(PROJECT / "tests" / "integration")
        item.add_marker(pytest.mark.xdist_group("integration" if inside else str(item.path)))
