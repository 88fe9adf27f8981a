#!/usr/bin/env bash
# Installs glewlwyd and its key tool from Debian (12 or later), as root or with sudo, without starting its service.
set -euo pipefail

if command -v glewlwyd >/dev/null && command -v rnbyc >/dev/null && command -v sqlite3 >/dev/null; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "glewlwyd is missing, and there is no apt-get to install it with" >&2
    exit 1
fi

as_root=()
((EUID == 0)) || as_root=(sudo)
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
[[ ! -e $policy ]] || policy=
trap 'rm -f "$log"; [[ -z $policy ]] || "${as_root[@]}" rm -f "$policy"' EXIT

# A package must not start a service while this file says no.
if [[ -n $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi

# The answer keeps the package from setting up a database of its own, which fails where there is no PostgreSQL.
answer='glewlwyd glewlwyd/config_type select No configuration'
if ! {
    "${as_root[@]}" apt-get update -q &&
        "${as_root[@]}" apt-get install -y -q --no-install-recommends debconf &&
        "${as_root[@]}" debconf-set-selections <<<"$answer" &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -q --no-install-recommends dbconfig-no-thanks glewlwyd rnbyc sqlite3
} >"$log" 2>&1 </dev/null; then
    echo "glewlwyd could not be installed:" >&2
    tail -n 20 "$log" >&2
    exit 1
fi
