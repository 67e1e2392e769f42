#!/bin/sh
# Resolves the dependencies of pyproject.toml anew into requirements/*.txt, with hashes and without index addresses.
# Needs uv on the PATH (pip install uv). KEEP=--no-upgrade adds what is new and leaves the rest as it is.
set -eu
compile() {
    out=$1; shift
    uv pip compile --quiet ${KEEP:---upgrade} --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-annotate --no-header "$@" pyproject.toml -o "requirements/$out"
}
compile run.txt --extra build
compile test.txt --extra build --extra test --constraint requirements/run.txt
