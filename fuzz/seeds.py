#!/usr/bin/env python3
"""Writes the first inputs of the corpora: the shapes that real servers send, as the tests of this repository have them.

    fuzz/seeds.py FOLDER     writes FOLDER/TARGET/seed-N

Only targets that read text get inputs. The encoding is that of the crate arbitrary: an enum is a 32-bit number that
selects a variant, and the last text takes the rest. To renew the corpora, fuzz with these, and then minimize what was
found: see docs/testing.md.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parent.parent
NOW = 1_800_000_000
ISSUER, AUDIENCE = "https://issuer.test", "https://api.test"


def variant(place, count):
    """Returns the number that selects a variant: (number * count) >> 32 == place."""
    return (-(-(place << 32) // count)).to_bytes(4, "little")


def recorded(path):
    text = (ROOT / "tests" / "it" / path).read_text()
    text = text.replace("$ISS", ISSUER).replace("$IAT", str(NOW)).replace("$EXP", str(NOW + 120))
    return text.replace("https://api.example", AUDIENCE)


def one_line(text):
    return json.dumps(json.loads(text), separators=(",", ":"))


EVENTS = [one_line(recorded(f"security_events/{name}.json")) for name in [
    "caep-credential-change", "caep-session-of-user", "okta-session-revoked", "risc-account-disabled"]]
LOGOUTS = [one_line(recorded(f"security_events/{name}.json")) for name in [
    "keycloak-logout", "keycloak-logout-without-session"]]

CACHE_CONTROL = [
    "public, max-age=22432, must-revalidate, no-transform",
    "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400",
    "max-age=5184000, must-revalidate",
    "max-age=86400, private",
    "no-cache",
    "no-store, must-revalidate",
    'private="set-cookie, x", max-age="600"',
    "s-maxage=60, max-age=99999999999999999999",
]

CLAIMS = [json.dumps(claims, separators=(",", ":")) for claims in [
    {"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 300, "iat": NOW, "sub": "alice", "jti": "1", "client_id": "app",
     "scope": "read write", "tenant": "acme"},
    {"iss": ISSUER, "aud": [AUDIENCE, "account"], "exp": NOW + 300.064554, "iat": NOW, "azp": "web", "typ": "Bearer",
     "scp": ["read"], "realm_access": {"roles": ["admin"]}, "tenant": "acme"},
    {"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 300, "nbf": NOW, "appid": "app", "scp": "read", "tenant": "acme",
     "cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
    {"iss": ISSUER, "aud": "web", "exp": NOW + 300, "nonce": "n", "at_hash": "x", "tenant": "acme"},
]]

RESPONSES = [json.dumps(response, separators=(",", ":")) for response in [
    {"active": True, "aud": AUDIENCE, "iss": ISSUER, "exp": NOW + 300, "scope": "read write", "sub": "alice"},
    {"active": True, "aud": [AUDIENCE], "exp": NOW + 300.5, "client_id": "app", "token_type": "bearer", "scope": None},
    {"active": False},
    {"error": "unsupported_token_type"},
    {"active": "true"},
]]

KEY_SETS = [json.dumps({"keys": keys}, separators=(",", ":")) for keys in [
    [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
      "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}],
    [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}],
    [{"kty": "oct", "k": "AAAA"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": ["sig"], "key_ops": "verify"}],
]]


def documented():
    """Returns the documented configuration, without its file."""
    lines = (ROOT / "src" / "configuration" / "mod.rs").read_text().split("//! ```toml\n")[1].split("//! ```")[0]
    text = re.sub(r"^//! ?", "", lines, flags=re.M)
    text = re.sub(r" +#.*", "", text)
    return text.replace("client_secret_file", "client_secret")


CONFIGURATIONS = [json.dumps(document, separators=(",", ":")) for document in [
    {"audience": AUDIENCE, "issuers": [{"issuer": "https://one.test", "algorithms": ["ES256"]}]},
    {"audience": [AUDIENCE, "x"], "token_cache_bytes": 1048576, "issuers": [
        {"issuer": "https://one.test", "required_claims": {"azp": "app"}, "profile": "rfc9068", "leeway_seconds": 5},
        {"issuer": "https://two.test", "clients": ["app"], "jwks_uri": "https://two.test/jwks",
         "dangerous": {"private_addresses": True}}]},
    {"introspection": {"endpoint": "https://one.test/i", "bearer_token": "t", "ignore_audience": True}, "policies": {
        "unlisted": "authenticated", "rows": [
            {"path": "/health", "access": "anonymous"},
            {"path": "/admin", "roles": "admin", "claims": {"tenant": "acme", "/a/b": True}},
            {"path": "/pay", "scopes": ["pay"], "any_scope": "a", "acr": "mfa", "max_age_seconds": 300},
            {"grpc": "/orders.Orders/*", "any_role": ["a", "b"]}]}},
]]

SEEDS = {
    "cache_control": [variant(1, 2) + line.encode() for line in CACHE_CONTROL],
    "claims": [bytes([strict]) + variant(0, 4) + text.encode() for text in CLAIMS for strict in (0, 1)],
    "configuration": [variant(1, 3) + text.encode() for text in CONFIGURATIONS]
    + [variant(2, 3) + documented().encode()],
    "events": [variant(1, 3) + text.encode() for text in EVENTS]
    + [variant(2, 3) + text.encode() for text in LOGOUTS],
    # Audience, issuer and scope claim, no status, the variant of the body.
    "introspection": [bytes([0, 1, 0, 0]) + variant(0, 2) + text.encode() for text in RESPONSES],
    "json": [text.encode() for text in EVENTS + CLAIMS + RESPONSES + KEY_SETS + CONFIGURATIONS],
    "keys": [variant(1, 4) + text.encode() for text in KEY_SETS],
}


def main():
    for target, inputs in SEEDS.items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for place, seed in enumerate(inputs):
            (folder / f"seed-{place}").write_bytes(seed)


main()
