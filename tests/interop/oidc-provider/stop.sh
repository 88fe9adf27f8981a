#!/usr/bin/env bash
# Stops the oidc-provider on PORT (4001) that start.sh started, by the pid file in INTEROP_DIR.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=tests/interop/lib.sh
source ../lib.sh

: "${INTEROP_DIR:?the directory that start.sh named}"
terminate "oidc-provider.${PORT:-4001}"
