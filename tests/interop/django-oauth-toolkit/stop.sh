#!/usr/bin/env bash
# Stops the django-oauth-toolkit on PORT (4004) that start.sh started, by the pid file in INTEROP_DIR, and removes its database.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=tests/interop/lib.sh
source ../lib.sh

: "${INTEROP_DIR:?the directory that start.sh named}"
terminate "django-oauth-toolkit.${PORT:-4004}"
rm -f "$INTEROP_DIR/django-oauth-toolkit.${PORT:-4004}.sqlite3"
