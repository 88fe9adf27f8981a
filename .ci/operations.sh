#!/usr/bin/env bash
# Checks the alerts and the dashboard of docs/operations against the metrics of a running `server`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

promtool check rules docs/operations/alerts.yml
promtool test rules docs/operations/alerts_test.yml
# With the features of the whole workspace, with which the step `test` has built it.
cargo build --quiet --workspace --all-features --bin server

work=$(mktemp -d)
# Nothing listens on port 9, so that each kind of failure is counted too.
env -i PATH="$PATH" ISSUER=http://127.0.0.1:9 AUDIENCE=https://api.example \
    INTROSPECTION_URL=http://127.0.0.1:9/introspect INTROSPECTION_CLIENT_ID=orders-api \
    INTROSPECTION_CLIENT_SECRET=not-a-secret "${CARGO_TARGET_DIR:-target}/debug/server" \
    >"$work/stdout" 2>"$work/stderr" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -r "$work"' EXIT
for _ in {1..100}; do
    grep -q '^listening on ' "$work/stdout" && break
    sleep 0.1
done
url=$(sed -n 's/^listening on //p' "$work/stdout")

segment() { printf '%s' "$1" | base64 -w0 | tr '+/' '-_' | tr -d '='; }
claims='{"iss":"http://127.0.0.1:9","aud":"https://api.example","exp":4102444800}'
jwt=$(segment '{"alg":"ES256","kid":"one"}').$(segment "$claims").$(printf 'A%.0s' {1..86})
ask() { curl --silent --output /dev/null --max-time 20 "$@"; }
ask "$url/public"
ask "$url/me"
ask "$url/me" -H "Authorization: Bearer $jwt"
ask "$url/me" -H "Authorization: Bearer an-opaque-token"
curl --silent --fail "$url/metrics" >"$work/metrics"
# The exporter has help texts only for metrics that the service describes.
promtool check metrics <"$work/metrics" 2>"$work/problems" || true
if grep -v ' no help text$' "$work/problems"; then exit 1; fi
.ci/operations.py "$work/metrics"
