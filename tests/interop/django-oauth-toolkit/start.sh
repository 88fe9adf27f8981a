#!/usr/bin/env bash
# Starts django-oauth-toolkit on http://127.0.0.1:PORT (4004) with the issuer /o; returns once it listens. Its packages are installed from PyPI
# into `packages` when they are missing or out of date. Files go to INTEROP_DIR.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=tests/interop/lib.sh
source ../lib.sh

export PORT=${PORT:-4004}
name=django-oauth-toolkit.$PORT

interop_dir
if ! [[ packages/.installed -nt requirements.txt ]]; then
    rm -rf packages
    python3 -m pip install --quiet --disable-pip-version-check --no-cache-dir --root-user-action=ignore \
        --target packages --requirement requirements.txt
    touch packages/.installed
fi
export PYTHONPATH=$PWD/packages PYTHONDONTWRITEBYTECODE=1 DATABASE=$INTEROP_DIR/$name.sqlite3
launch "$name" python3 server.py
await "$name" grep -q '^listening on ' "$INTEROP_DIR/$name.log"
echo "django-oauth-toolkit: issuer http://127.0.0.1:$PORT/o, process $(<"$INTEROP_DIR/$name.pid")"
