#!/usr/bin/env bash
# Installs cargo-deny below target/, unless it is there or on the path. Unoptimised: that builds in half the time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! PATH="$PWD/target/ci/bin:$PATH" command -v cargo-deny >/dev/null; then
    cargo install --quiet --locked --debug --root target/ci cargo-deny@0.20.2
fi
