#!/usr/bin/env bash
# Makes the virtual environment from one of the locks: `install.sh run|dev|bench`. uv where it can be had, else pip.
set -euo pipefail
cd "$(dirname "$0")/../.."
which=$1 lock=infra/requirements/$1.txt python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
  echo "archipel: Python 3.11 or 3.12 is needed; \`$python\` is $("$python" --version 2>&1). Say which with PYTHON=python3.11 make …" >&2
  exit 2
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r infra/requirements/bootstrap.txt || true
echo "  installing the environment ($which) from its lock"
if [ -x .venv/bin/uv ] && VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --require-hashes -r "$lock"; then
  VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --no-deps --no-build-isolation -e .
else # a mirror that only pip is set up for
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
fi
touch ".venv/.$which"
