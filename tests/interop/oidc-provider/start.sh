#!/usr/bin/env bash
# Starts oidc-provider on http://127.0.0.1:PORT (4001) with MOUNT ('') as the path of its issuer; returns once it listens.
# Its npm packages are installed when they are missing or out of date. Files go to INTEROP_DIR. TTL=300: seconds that access tokens live.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=tests/interop/lib.sh
source ../lib.sh

export PORT=${PORT:-4001} MOUNT=${MOUNT:-} TTL=${TTL:-300}
name=oidc-provider.$PORT

interop_dir
[[ node_modules/.package-lock.json -nt package-lock.json ]] || npm ci
launch "$name" node server.mjs
await "$name" grep -q '^listening on ' "$INTEROP_DIR/$name.log"
echo "oidc-provider: issuer http://127.0.0.1:$PORT$MOUNT, process $(<"$INTEROP_DIR/$name.pid")"
