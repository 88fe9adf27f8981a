#!/usr/bin/env bash
# Starts three real authorization servers, runs the interoperability tests against them, also with MCP clients and behind
# real proxies, and stops them again; then runs the tests with Redis, and lets clients of gRPC and grpc-web call a service.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/lib.sh
source .ci/lib.sh

need curl curl ca-certificates
need python3 python3
need pip3 python3-pip
need node nodejs
need npm npm
need redis-server redis-server
tests/interop/glewlwyd/install.sh
tests/interop/mtls/install.sh

INTEROP_DIR=$(mktemp -d)
export INTEROP_DIR
# The servers are on loopback, whatever proxy the environment names.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

stop() {
    PORT=4001 tests/interop/oidc-provider/stop.sh || true
    PORT=4002 tests/interop/oidc-provider/stop.sh || true
    PORT=4004 tests/interop/django-oauth-toolkit/stop.sh || true
    PORT=4593 tests/interop/glewlwyd/stop.sh || true
    rm -rf "$INTEROP_DIR"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

PORT=4001 tests/interop/oidc-provider/start.sh
PORT=4002 MOUNT=/op tests/interop/oidc-provider/start.sh
PORT=4004 tests/interop/django-oauth-toolkit/start.sh
PORT=4593 tests/interop/glewlwyd/start.sh

export PORTCULLIS_OIDC_PROVIDER=http://127.0.0.1:4001
export PORTCULLIS_OIDC_PROVIDER_PATH=http://127.0.0.1:4002/op
export PORTCULLIS_DJANGO_OAUTH_TOOLKIT=http://127.0.0.1:4004/o
export PORTCULLIS_GLEWLWYD=http://localhost:4593/api/oidc
export PORTCULLIS_GLEWLWYD_ROTATE=$PWD/tests/interop/glewlwyd/rotate.sh
(cd tests/interop/dpop-client && npm ci --ignore-scripts)
(cd tests/interop/mcp-client && npm ci --ignore-scripts)
if ! run cargo test --workspace --all-features --test interop --test mcp -- --ignored; then
    tail -n 30 "$INTEROP_DIR"/*.log >&2
    exit 1
fi
# Starts its own servers. `binary` has the examples built.
run cargo test --workspace --all-features --test binary --test redis -- --ignored
(cd tests/interop/grpc-clients && npm ci --ignore-scripts)
run cargo test --workspace --all-features --test tonic -- --ignored
SOAK_SECONDS=30 run cargo test --workspace --all-features --test soak -- --ignored --nocapture
