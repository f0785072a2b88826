#!/usr/bin/env bash
# Writes the locks anew from pyproject.toml. One lock an environment; no host named, so that any mirror serves.
set -euo pipefail
cd "$(dirname "$0")/../.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command infra/requirements/compile.sh "$@"; }
compile pyproject.toml -o infra/requirements/run.txt --extra build
compile pyproject.toml --extra build --extra dev -c infra/requirements/run.txt -o infra/requirements/dev.txt
compile pyproject.toml --extra build --extra dev --extra bench -c infra/requirements/dev.txt -o infra/requirements/bench.txt
echo uv | compile - -o infra/requirements/bootstrap.txt
# Peers of the benchmark that clash with us, each in an environment of its own.
for peer in validata-table csv-detective datasette; do echo $peer | compile - -o infra/requirements/peer-$peer.txt; done
# CKAN has an environment of its own (docs/decisions/0011-real-services.md).
compile infra/ckan/requirements.in -o infra/ckan/requirements.txt
compile infra/ckan/build.in -c infra/ckan/requirements.txt -o infra/ckan/build.txt
