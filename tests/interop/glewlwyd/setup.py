#!/usr/bin/env python3
"""Configures the glewlwyd that start.sh started, through its admin API.

setup.py PORT DATA               scopes, a user, clients, and the plugins `oidc` and `nonces` with one key for each algorithm
setup.py PORT DATA rotate        new keys; the old public keys stay published
setup.py PORT DATA rotate drop   new keys alone

DATA is the server's directory. What stands in it as keys.json is this script's own memory.
"""

import base64
import contextlib
import http.server
import json
import pathlib
import subprocess
import sys
import threading
import urllib.error
import urllib.request

# What rhonabwy, the JOSE library of glewlwyd, can sign with. The `kid` is the name in lower case and the generation.
ALGORITHMS = {
    "RS256": "RSA2048",
    "RS384": "RSA2048",
    "RS512": "RSA2048",
    "PS256": "RSA2048",
    "PS384": "RSA2048",
    "PS512": "RSA2048",
    "ES256": "EC256",
    "ES384": "EC384",
    "ES512": "EC521",
    "EdDSA": "Ed25519",
}
SYMMETRIC = ["HS256", "HS384", "HS512"]
SHARED_SECRET = b"portcullis-interop-shared-secret-0123456789-abcdefghijklmnopqrstuvwxyz"
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi"}
SCOPES = ["api.read", "api.write"]
AUDIENCE = "https://api.example.test/"


class Admin:
    """The admin API, as the user `admin` of a new database."""

    def __init__(self, origin):
        self.origin = origin
        self.cookie = None
        # No proxy: the server is on loopback whatever the environment says.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.call("POST", "/auth", {"username": "admin", "password": "password"})

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.origin}/api{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        if self.cookie:
            request.add_header("Cookie", self.cookie)
        try:
            with self.opener.open(request, timeout=30) as response:
                for cookie in response.headers.get_all("Set-Cookie") or []:
                    self.cookie = cookie.split(";")[0]
                answer = response.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"glewlwyd: {method} {path}: {error.code} {error.read(2000).decode(errors='replace')}")
        return json.loads(answer) if answer else None


@contextlib.contextmanager
def served(**documents):
    """Serves the JSON documents on loopback meanwhile; gives the URL of each."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(documents[self.path[1:]]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {name: f"http://127.0.0.1:{server.server_port}/{name}" for name in documents}
        server.shutdown()


def new_keys(generation, data):
    """One private JWK for each asymmetric algorithm."""
    command = ["rnbyc", "-j", "-o", str(data / "new.jwks"), "-p", "/dev/null"]
    for algorithm, kind in ALGORITHMS.items():
        command += ["-g", kind, "-k", f"{algorithm.lower()}-{generation}", "-a", algorithm]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    keys = json.loads((data / "new.jwks").read_text())["keys"]
    return [key | {"use": "sig"} for key in keys]


def public(key):
    return {name: value for name, value in key.items() if name not in PRIVATE_MEMBERS}


def secrets():
    """The shared secret as a JWK for each symmetric algorithm; a rotation leaves them as they are."""
    k = base64.urlsafe_b64encode(SHARED_SECRET).rstrip(b"=").decode()
    return [{"kty": "oct", "k": k, "alg": alg, "use": "sig", "kid": alg.lower()} for alg in SYMMETRIC]


def clients(generation):
    """`svc-<algorithm>` for each algorithm, and `rs`, the resource server, which introspects."""
    common = {
        "confidential": True,
        "enabled": True,
        "client_secret": "secret",
        "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
        "authorization_type": ["client_credentials", "password"],
        "redirect_uri": ["http://localhost/unused"],
    }
    for algorithm in [*ALGORITHMS, *SYMMETRIC]:
        name = algorithm.lower()
        yield common | {
            "client_id": f"svc-{name}",
            "name": f"a service whose tokens are signed with {algorithm}",
            "scope": SCOPES,
            "sign_kid": name if algorithm in SYMMETRIC else f"{name}-{generation}",
        }
    # Introspects with its secret, or with a token of scope `introspect` as bearer.
    yield common | {
        "client_id": "rs",
        "name": "a resource server",
        "scope": ["introspect"],
        "sign_kid": f"rs256-{generation}",
    }


def plugin(origin, generation, jwks, name="oidc"):
    """An issuer. `nonces` requires them in DPoP proofs."""
    return {
        "module": "oidc",
        "name": name,
        "display_name": name,
        "order_rank": 0,
        "readonly": False,
        "parameters": {
            "iss": f"{origin}/api/{name}",
            # By address: in the parameters themselves there is room for 16 KB only.
            "jwks-uri": jwks["private"],
            "jwks-public-uri": jwks["public"],
            "jwks-show": True,
            "default-kid": f"rs256-{generation}",
            "client-sign_kid-parameter": "sign_kid",
            "access-token-duration": 300,
            "refresh-token-duration": 3600,
            "refresh-token-rolling": True,
            "code-duration": 60,
            "allow-non-oidc": True,
            "auth-type-client-enabled": True,
            "auth-type-password-enabled": True,
            "auth-type-code-enabled": False,
            "auth-type-device-enabled": False,
            "auth-type-none-enabled": False,
            "auth-type-refresh-enabled": False,
            "auth-type-token-enabled": False,
            "allowed-scope": ["openid", *SCOPES],
            "introspection-revocation-allowed": True,
            "introspection-revocation-allow-target-client": True,
            "introspection-revocation-auth-scope": ["introspect"],
            "subject-type": "public",
            "resource-allowed": True,
            "oauth-dpop-allowed": True,
            "oauth-dpop-iat-duration": 60,
            "oauth-dpop-nonce-mandatory": name == "nonces",
            "oauth-dpop-nonce-counter": 100,
            "resource-scope": {scope: [AUDIENCE] for scope in SCOPES},
            "additional-parameters": [{"user-parameter": "username", "token-parameter": "username"}],
        },
    }


def set_up(admin, data):
    keys = new_keys(1, data)
    # The database of clients drops properties that it was not told of.
    backend = admin.call("GET", "/mod/client/database")
    backend["parameters"]["data-format"]["sign_kid"] = {"multiple": False, "read": True, "write": True}
    admin.call("PUT", "/mod/client/database", backend)
    admin.call("PUT", "/mod/client/database/reset")
    for scope in [*SCOPES, "introspect"]:
        admin.call("POST", "/scope/", {"name": scope, "display_name": scope, "password_required": True, "scheme": {}})
    user = {"username": "alice", "password": "wonderland", "name": "Alice", "email": "alice@example.test"}
    admin.call("POST", "/user/", user | {"scope": ["openid", "g_profile", *SCOPES], "enabled": True})
    for client in clients(1):
        admin.call("POST", "/client/", client)
    published = [public(key) for key in keys]
    with served(private={"keys": keys + secrets()}, public={"keys": published}) as jwks:
        for name in ["oidc", "nonces"]:
            admin.call("POST", "/mod/plugin/", plugin(admin.origin, 1, jwks, name))
    return {"generation": 1, "published": published}


def rotate(admin, data, memory, drop):
    generation = memory["generation"] + 1
    keys = new_keys(generation, data)
    published = [public(key) for key in keys] + ([] if drop else memory["published"])
    with served(private={"keys": keys + secrets()}, public={"keys": published}) as jwks:
        admin.call("PUT", "/mod/plugin/oidc", plugin(admin.origin, generation, jwks))
        admin.call("PUT", "/mod/plugin/oidc/reset")
    for client in clients(generation):
        admin.call("PUT", f"/client/{client['client_id']}", client)
    return {"generation": generation, "published": published}


def main(port, data, *words):
    data = pathlib.Path(data)
    memory = data / "keys.json"
    admin = Admin(f"http://localhost:{port}")
    match words:
        case ():
            state = set_up(admin, data)
        case ("rotate",) | ("rotate", "drop"):
            state = rotate(admin, data, json.loads(memory.read_text()), "drop" in words)
        case _:
            sys.exit(__doc__)
    memory.write_text(json.dumps(state))
    (data / "new.jwks").unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
