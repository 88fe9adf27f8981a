"""A service and what it depends on, while parts of that fail."""

import base64
import http.client
import json
import os
import random
import re
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# In seconds.
DURATION = 180
API = "https://api.example"
# What fails, from when until when.
WRONG_AUDIENCE = (25, 60)
ISSUER_OUTAGE = (75, 110)
ENDPOINT_OUTAGE = (120, 145)
REDIS_OUTAGE = (150, 165)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A key of the issuer, in a file of openssl."""

    def __init__(self, folder, name):
        self.name, self.path = name, os.path.join(folder, f"{name}.pem")
        subprocess.run(["openssl", "genrsa", "-out", self.path, "2048"], check=True, stderr=subprocess.DEVNULL)

    def jwk(self):
        shown = subprocess.run(
            ["openssl", "rsa", "-in", self.path, "-noout", "-modulus"], check=True, capture_output=True, text=True
        )
        modulus = bytes.fromhex(shown.stdout.strip().split("=")[1])
        return {"kty": "RSA", "kid": self.name, "alg": "RS256", "use": "sig", "n": encode(modulus), "e": "AQAB"}

    def sign(self, claims, **header):
        header = {"alg": "RS256", "kid": self.name, **header}
        text = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
        command = ["openssl", "dgst", "-sha256", "-sign", self.path]
        signature = subprocess.run(command, input=text.encode(), check=True, capture_output=True).stdout
        return f"{text}.{encode(signature)}"


class Issuer:
    """Metadata, keys and introspection, each of which can fail."""

    def __init__(self, keys):
        self.keys, self.fails, self.endpoint_fails = keys, False, False
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                documents = {
                    "/.well-known/openid-configuration": lambda: {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/jwks"},
                    "/jwks": lambda: {"keys": [key.jwk() for key in issuer.keys]},
                }
                document = documents.get(self.path)
                self.respond(503 if issuer.fails else 200 if document else 404, document and document())

            def do_POST(self):
                self.rfile.read(int(self.headers.get("content-length", 0)))
                time.sleep(random.uniform(0.005, 0.02))
                active = {"active": True, "aud": API, "sub": "alice", "exp": int(time.time()) + 600}
                answer = active if random.random() < 0.9 else {"active": False}
                self.respond(500 if issuer.endpoint_fails else 200, answer)

            def respond(self, status, document):
                body = json.dumps(document or {}).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.send_header("cache-control", "max-age=60")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Scenario:
    def __init__(self, root, folder):
        self.folder = folder
        self.keys = [Key(folder, "2026-10"), Key(folder, "2026-11")]
        self.issuer = Issuer(self.keys[:1])
        self.redis_port = free_port()
        self.redis = self.start_redis()
        environment = {
            "PATH": os.environ["PATH"],
            "ISSUER": self.issuer.url,
            "AUDIENCE": API,
            "INTROSPECTION_URL": f"{self.issuer.url}/introspect",
            "INTROSPECTION_CLIENT_ID": "orders",
            "INTROSPECTION_CLIENT_SECRET": "not-a-secret",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}",
            "SECURITY_EVENTS": "/events",
            "RUST_LOG": "off",
        }
        server = os.path.join(root, os.environ.get("CARGO_TARGET_DIR", "target"), "debug", "server")
        self.server = subprocess.Popen([server], env=environment, stdout=subprocess.PIPE, text=True)
        self.address = self.server.stdout.readline().strip().removeprefix("listening on http://")
        self.connection = http.client.HTTPConnection(self.address, timeout=10)
        self.prepare()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.server, self.redis):
            process.terminate()
            process.wait()

    def start_redis(self):
        command = ["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", ""]
        return subprocess.Popen([*command, "--dir", self.folder], stdout=subprocess.DEVNULL)

    def prepare(self):
        now = int(time.time())
        claims = {"iss": self.issuer.url, "sub": "alice", "aud": API, "iat": now, "exp": now + 3600, "scope": "api:read"}
        old, new = self.keys
        self.tokens = {
            "valid": old.sign(claims),
            "rotated": new.sign({**claims, "iat": now}),
            "slash": old.sign({**claims, "aud": f"{API}/"}),
            "expired": old.sign({**claims, "exp": now - 120}),
            "id_token": old.sign({**claims, "aud": "orders-app", "nonce": "n"}),
        }
        events = {"https://schemas.openid.net/secevent/caep/event-type/session-revoked": {}}
        event = {"iss": self.issuer.url, "aud": API, "iat": now, "events": events}
        subject = {"format": "iss_sub", "iss": self.issuer.url, "sub": "bob"}
        self.events = [
            old.sign({**event, "jti": str(number), "sub_id": subject}, typ="secevent+jwt") for number in range(6)
        ]

    def request(self, method, path, token=None, body=None, content_type=None):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if content_type:
            headers["content-type"] = content_type
        try:
            self.connection.request(method, path, body, headers)
            self.connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            self.connection.close()

    def run(self, seconds, at=None):
        """Sends requests for some seconds. `at` is the time in the scenario."""
        end = time.time() + seconds
        while time.time() < end:
            began = time.time()
            second = at() if at else -1
            is_within = lambda period: period[0] <= second < period[1]
            valid = self.tokens["rotated" if second >= ISSUER_OUTAGE[0] + 10 and second % 2 < 1 else "valid"]
            mix = [("/me", valid)] * 8 + [("/read", valid), ("/public", None)]
            mix += [("/me", "".join(random.choices("abcdefghij", k=24)))]
            mix += random.choices(
                [("/me", None), ("/role", valid), ("/me", self.tokens["expired"]), ("/me", self.tokens["id_token"])],
                weights=[3, 2, 2, 1],
            )
            if is_within(WRONG_AUDIENCE):
                mix += [("/me", self.tokens["slash"])] * 4
            for path, token in mix:
                self.request("GET", path, token)
            time.sleep(max(0, began + 0.4 - time.time()))

    def play(self):
        start = time.time()
        now = lambda: time.time() - start
        sent = 0
        while now() < DURATION:
            second = now()
            self.issuer.fails = ISSUER_OUTAGE[0] <= second < ISSUER_OUTAGE[1]
            if second >= ISSUER_OUTAGE[0]:
                # The keys were rotated during the outage.
                self.issuer.keys = self.keys
            self.issuer.endpoint_fails = ENDPOINT_OUTAGE[0] <= second < ENDPOINT_OUTAGE[1]
            is_down = REDIS_OUTAGE[0] <= second < REDIS_OUTAGE[1]
            if is_down and self.redis.poll() is None:
                self.redis.terminate()
                self.redis.wait()
            elif not is_down and self.redis.poll() is not None:
                self.redis = self.start_redis()
            if second >= 20 + 25 * sent and sent < len(self.events):
                self.request("POST", "/events", body=self.events[sent], content_type="application/secevent+jwt")
                sent += 1
            self.run(1, now)

    def shown(self, label):
        """Returns a label with the name that an issuer would have."""
        label = label.replace(self.issuer.url, "https://as.example")
        return re.sub(r"^127\.0\.0\.1(:\d+)?$", "as.example", label)
