#!/usr/bin/env bash
# Gives the running glewlwyd new signing keys. The old public keys stay in its key set, unless called as `rotate.sh drop`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

: "${INTEROP_DIR:?the directory that start.sh named}"
PORT=${PORT:-4593}
exec python3 setup.py "$PORT" "$INTEROP_DIR/glewlwyd.$PORT" rotate "$@"
