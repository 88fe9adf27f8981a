#!/usr/bin/env bash
# Checks the crate with no feature, with each feature alone, and with some that are used together.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/lib.sh
source .ci/lib.sh

features=$(cargo metadata --no-deps --format-version 1 | python3 -c '
import json, sys
[package] = (p for p in json.load(sys.stdin)["packages"] if p["name"] == "portcullis")
print("\n".join(package["features"]))')

run cargo check --no-default-features
for feature in $features; do
    if [[ $feature == _* ]]; then
        echo "feature $feature is internal: skipped"
    else
        run cargo check --no-default-features --features "$feature"
    fi
done
# What a service that verifies JWTs enables for its tests.
run cargo check --no-default-features --features rust-crypto,testing
