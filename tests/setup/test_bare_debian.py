"""The README's promise on machines that have nothing: set up, run, and keep silent the second time."""

import pytest

from tests.setup.bare_root import debian

CONFIG = "configs/penguins.yaml"
GLIBC = ("dpkg-query", "--show", "libc6", "libstdc++6")


def done(root, *command):
    """What `command` said, once it has ended well."""
    ended = root.run(*command)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def assert_ran(root, said):
    assert "PASSED" in said
    assert root.has("output/penguins/runs/latest/reports/index.html")
    assert done(root, ".venv/bin/python", "-c", "import tfx; print(tfx.__version__)").startswith("1.21")
    assert done(root, "./setup.sh") == ""


@pytest.mark.slow
def test_make_run_on_debian_12_with_python_and_make_alone():
    with debian("bookworm", "python3", "make") as root:
        before = done(root, *GLIBC)
        said = done(root, "make", "run", f"CONFIG={CONFIG}")
        assert "fetching a private glibc from debian trixie (this machine has glibc 2.36)" in said
        assert done(root, *GLIBC) == before
        assert_ran(root, said)


@pytest.mark.slow
def test_debian_13_without_any_python_or_make_takes_the_short_way():
    with debian("trixie") as root:
        said = done(root, "./setup.sh")
        assert "private glibc" not in said
        assert not root.has(".setup/glibc")
        assert not root.has(".setup/patchelf.log")
        assert_ran(root, done(root, ".venv/bin/python", "local_runner.py", "--config", CONFIG))
