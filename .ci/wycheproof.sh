#!/usr/bin/env bash
# Runs the test vectors for JOSE of Project Wycheproof, with both back ends. No package contains them, so they are
# fetched. Where their repository can't be reached, it says so: the check is then left to a machine that can.
# A checkout of them in `PORTCULLIS_WYCHEPROOF` is used instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/lib.sh
source .ci/lib.sh

commit=dac1dd4729fd1f8dd9e1e9f3dce51d783da6c166
if [[ -z ${PORTCULLIS_WYCHEPROOF:-} ]]; then
    need git git
    export PORTCULLIS_WYCHEPROOF=$PWD/target/ci/wycheproof
    git init -q "$PORTCULLIS_WYCHEPROOF"
    cd "$PORTCULLIS_WYCHEPROOF"
    if ! git cat-file -e "$commit" 2>/dev/null &&
        ! timeout 120 git fetch -q --depth 1 https://github.com/C2SP/wycheproof "$commit"; then
        echo "wycheproof: NOT CHECKED, because the repository of the test vectors can't be reached"
        exit 0
    fi
    git checkout -q "$commit" -- testvectors_v1
    cd - >/dev/null
fi

jose=(--test it -- --exact wycheproof::jws_vectors_are_accepted_if_they_are_valid --ignored)
run cargo test --workspace --all-features "${jose[@]}"
run cargo test -p portcullis -p portcullis-tests --no-default-features --features "$PURE_FEATURES" "${jose[@]}"
