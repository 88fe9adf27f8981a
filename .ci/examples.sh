#!/usr/bin/env bash
# Runs the examples: `tour`, `mcp`, `personal_access_tokens` and `tonic` to their end, the servers for a few requests each, and the
# systems with the commands of their documents, sent by the real curl. The programs are those that the step `test` has built,
# with the features of the whole workspace; whether each has the features that it needs is only checked.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/lib.sh
source .ci/lib.sh

dir=$(mktemp -d)
pid=

stop() {
    if [[ -n $pid ]]; then
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        pid=
    fi
}
trap 'stop; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "$1" >&2
    cat "$dir"/out "$dir"/err >&2 2>/dev/null || true
    exit 1
}

# serve PROGRAM [VARIABLE=VALUE]...: starts the example on a free port; sets `url` once it listens.
serve() {
    local program=$1 deadline
    shift
    echo "\$ $* $built/$program"
    env "$@" "$built/$program" </dev/null >"$dir/out" 2>"$dir/err" &
    pid=$!
    deadline=$((SECONDS + 20))
    url=
    while [[ -z $url ]]; do
        kill -0 "$pid" 2>/dev/null || fail "$program ended"
        ((SECONDS < deadline)) || fail "$program does not listen after 20 s"
        sleep 0.1
        url=$(sed -n 's|^listening on \(http://127\.0\.0\.1:[0-9]*\)/\{0,1\}$|\1|p' "$dir/out" "$dir/err")
    done
}

# expect STATUS PATTERN PATH [CURL OPTION]...: the answer has the status, and a header line that matches the pattern.
expect() {
    local status=$1 pattern=$2 path=$3 answer headers
    shift 3
    answer=$(curl --silent --show-error --include --max-time 10 --noproxy '*' "$@" "$url$path" | tr -d '\r')
    headers=$(sed '/^$/q' <<<"$answer")
    if [[ $headers != "HTTP/1.1 $status "* ]] || ! grep -qiE "$pattern" <<<"$headers"; then
        fail "$path $*: want $status and /$pattern/, got: $answer"
    fi
    echo "$path $*: $status"
}

run cargo check --quiet --examples
for package in mcp openapi personal-access-tokens server systems tonic; do
    run cargo check --quiet -p "example-$package"
done
run cargo build --quiet --workspace --all-features --bins --examples
built=${CARGO_TARGET_DIR:-target}/debug

run "$built/examples/tour"
run "$built/mcp"
run "$built/personal_access_tokens"
run "$built/tonic"

challenge='^www-authenticate: Bearer'
rejection='^www-authenticate: Bearer .*error="invalid_token"'

serve examples/minimal
expect 401 "$challenge" /me
expect 401 "$rejection" /orders --header 'Authorization: Bearer not-a-token'
stop

serve examples/axum LISTEN=127.0.0.1:0
expect 401 "$challenge" /me
expect 401 "$rejection" /me --header 'Authorization: Bearer not-a-token'
stop

for generator in aide utoipa; do
    serve openapi LISTEN=127.0.0.1:0 GENERATOR="$generator"
    expect 200 '^content-type: application/json' /openapi.json
    expect 200 '' /status
    expect 401 "$challenge" /orders
    stop
done

# Nothing serves the issuer: a resource server starts all the same, and rejects what needs no key to reject.
issuer=http://127.0.0.1:1
settings=(LISTEN=127.0.0.1:0 ISSUER="$issuer" JWKS_URI="$issuer/jwks" AUDIENCE=https://api.example.test)
serve server "${settings[@]}"
expect 200 '' /healthz
expect 401 "$challenge" /me
expect 401 "$rejection" /me --header 'Authorization: Bearer not-a-token'
stop

echo "\$ PROFILE=nonsense $built/server"
status=0
env "${settings[@]}" PROFILE=nonsense timeout 20 "$built/server" </dev/null >"$dir/out" 2>"$dir/err" || status=$?
if ((status != 2)) || (($(wc -l <"$dir/err") != 1)); then
    fail "a bad configuration: want exit status 2 and one line on stderr, got status $status and:"
fi
cat "$dir/err"

run cargo test --quiet --workspace --all-features --test binary --test systems -- --ignored
