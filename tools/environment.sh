#!/bin/sh
# Makes the project's own virtual environment and installs one locked set of packages into it.
# usage: tools/environment.sh VENV REQUIREMENTS
set -eu
venv=$1 requirements=$2

say() { printf '%s\n' "$*" >&2; }

python=${PYTHON:-}
if [ -z "$python" ]; then
    for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$candidate
            break
        fi
    done
fi
if [ -z "$python" ]; then
    say "budgetwatch needs Python 3.11 or newer, and none was found. Install it (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv) or name it: make run PYTHON=/path/to/python3."
    exit 2
fi

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$venv"
    if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
        # Debian and Ubuntu keep venv in a package of its own.
        rm -rf "$venv"
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            say "Installing python$version-venv, which this machine lacks…"
            apt-get update -qq >/dev/null
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "python$version-venv" >/dev/null 2>&1 ||
                DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
        fi
        if ! "$python" -m venv "$venv"; then
            say "Python cannot make a virtual environment here. Install it first: apt-get install python$version-venv (as root), then run the same command again."
            exit 2
        fi
    fi
fi

say "Installing the locked packages into $venv (once; about a minute)…"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
    --require-hashes --only-binary :all: -r "$requirements"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
