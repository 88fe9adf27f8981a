#!/usr/bin/env bash
# Stops the glewlwyd on PORT (4593) that start.sh started, by the pid file in INTEROP_DIR, and removes its data.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=tests/interop/lib.sh
source ../lib.sh

: "${INTEROP_DIR:?the directory that start.sh named}"
name=glewlwyd.${PORT:-4593}
terminate "$name"
rm -rf "${INTEROP_DIR:?}/$name"
