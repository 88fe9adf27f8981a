#!/usr/bin/env bash
# Starts glewlwyd on 127.0.0.1:4593 with a new SQLite database in INTEROP_DIR and configures it; returns once it serves.
# The issuer is http://localhost:4593/api/oidc: `localhost`, for its cookies and its `iss` go by that name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=tests/interop/lib.sh
source ../lib.sh

export PORT=${PORT:-4593}
name=glewlwyd.$PORT
url=http://127.0.0.1:$PORT

interop_dir
if curl -s --noproxy '*' -o /dev/null "$url"; then
    echo "something serves on port $PORT already" >&2
    exit 1
fi

export DATA=$INTEROP_DIR/$name
rm -rf "$DATA"
mkdir -m 700 "$DATA"
sqlite3 "$DATA/glewlwyd.db" </usr/share/dbconfig-common/data/glewlwyd/install/sqlite3
cat >"$DATA/glewlwyd.conf" <<CONF
port = $PORT
bind_address = "127.0.0.1"
external_url = "http://localhost:$PORT"
login_url = "login.html"
api_prefix = "api"
log_mode = "console"
log_level = "WARNING"
cookie_secure = 0
session_expiration = 2419200
session_key = "GLEWLWYD2_SESSION_ID"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "/usr/lib/glewlwyd/user"
client_module_path = "/usr/lib/glewlwyd/client"
user_auth_scheme_module_path = "/usr/lib/glewlwyd/scheme"
plugin_module_path = "/usr/lib/glewlwyd/plugin"
hash_algorithm = "SHA512"
database = { type = "sqlite3"; path = "$DATA/glewlwyd.db"; };
CONF

launch "$name" glewlwyd -c "$DATA/glewlwyd.conf"
await "$name" curl -sf --noproxy '*' -o /dev/null "$url/config"
if ! python3 setup.py "$PORT" "$DATA"; then
    terminate "$name"
    exit 1
fi
echo "glewlwyd: issuer http://localhost:$PORT/api/oidc, process $(<"$INTEROP_DIR/$name.pid")"
