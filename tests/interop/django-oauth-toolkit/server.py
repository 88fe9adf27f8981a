"""django-oauth-toolkit as an authorization server, on http://127.0.0.1:PORT with the issuer /o. Its database is DATABASE.

Tokens of the client `svc` are opaque, and those of `svc-jwt` are JWTs, which django-oauth-toolkit introspects as well. The audience is the
`resource` of the request, if it has one. `POST /__admin/rotate?keep=1` creates a new key and keeps the old ones in the set, `keep=0` removes
them; `GET /__admin/stats` returns how many requests each path had.
"""

import collections
import json
import os
import threading
import time
import uuid

import django
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.http import JsonResponse
from django.urls import include, path

PORT = int(os.environ["PORT"])
ISSUER = f"http://127.0.0.1:{PORT}/o"
CLIENTS = {
    "svc": "svc-secret",
    "svc-jwt": "svc-secret",
    "rs": "rs-secret",
    "rs:odd": "a+b c%d&e=f/g:h",
}
requests = collections.Counter()
lock = threading.Lock()


def new_key():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def access_token(request, refresh_token=False):
    """A JWT with the profile of RFC 9068 for `svc-jwt`, a random text for others."""
    from jwcrypto.jwt import JWT
    from oauth2_provider.settings import oauth2_settings
    from oauth2_provider.utils import jwk_from_pem
    from oauthlib.common import generate_token

    if request.client.client_id != "svc-jwt":
        return generate_token()
    key, now = jwk_from_pem(oauth2_settings.OIDC_RSA_PRIVATE_KEY), int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": request.client.client_id,
        "client_id": request.client.client_id,
        "aud": request.resource,
        "iat": now,
        "exp": now + request.expires_in,
        "jti": str(uuid.uuid4()),
        "scope": " ".join(request.scopes),
    }
    token = JWT(header={"alg": "RS256", "typ": "at+jwt", "kid": key.thumbprint()}, claims=claims)
    token.make_signed_token(key)
    return token.serialize()


def count_requests(get_response):
    def middleware(request):
        with lock:
            requests[request.path] += 1
        return get_response(request)

    return middleware


def stats(request):
    with lock:
        return JsonResponse(dict(requests))


def rotate(request):
    from oauth2_provider.settings import oauth2_settings

    with lock:
        old = [oauth2_settings.OIDC_RSA_PRIVATE_KEY, *oauth2_settings.OIDC_RSA_PRIVATE_KEYS_INACTIVE]
        oauth2_settings.OIDC_RSA_PRIVATE_KEYS_INACTIVE = old if request.GET["keep"] == "1" else []
        oauth2_settings.OIDC_RSA_PRIVATE_KEY = new_key()
    return JsonResponse({})


settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"], "OPTIONS": {"timeout": 30}}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    MIDDLEWARE=[f"{__name__}.count_requests"],
    OAUTH2_PROVIDER={
        "ACCESS_TOKEN_EXPIRE_SECONDS": 300,
        "ACCESS_TOKEN_GENERATOR": access_token,
        "OIDC_ENABLED": True,
        "OIDC_ISS_ENDPOINT": ISSUER,
        "OIDC_RSA_PRIVATE_KEY": new_key(),
        "SCOPES": {"api:read": "", "api:write": "", "introspection": ""},
    },
    # The secrets of clients are hashed, and so slowly by default that it would take most of the tests' time.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=new_key(),
    USE_TZ=True,
)
django.setup()

from oauth2_provider.models import get_application_model  # noqa: E402
from oauth2_provider.urls import metadata_urlpatterns  # noqa: E402

urlpatterns = [
    path("__admin/rotate", rotate),
    path("__admin/stats", stats),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("", include((metadata_urlpatterns, "metadata"))),
]


def main():
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", verbosity=0)
    for client_id, secret in CLIENTS.items():
        get_application_model().objects.create(
            client_id=client_id,
            client_secret=secret,
            client_type="confidential",
            authorization_grant_type="client-credentials",
            algorithm="RS256",
        )
    server = ThreadedWSGIServer(("127.0.0.1", PORT), WSGIRequestHandler)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    print(f"listening on {ISSUER}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
