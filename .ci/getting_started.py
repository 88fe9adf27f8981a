#!/usr/bin/env python3
"""Follows docs/getting-started.md in an empty folder: runs its commands and writes its files, with the checkout in place
of the published crate. Then checks what the compiler says if a layer inside changes the body (docs/layers.md)."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/getting-started.md").read_text()


def fail(message):
    sys.exit(f"getting-started: {message}")


def blocks():
    """Yields the language, the text, and the last `path` in the paragraph above, of each block."""
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", PAGE, re.M | re.S):
        paths = re.findall(r"`([\w./-]+\.(?:rs|toml))`", PAGE[: block.start()].rsplit("\n\n", 2)[-2])
        yield block[1], block[2], paths[-1] if paths else None


def environment():
    """The profiles of the workspace, so that dependencies that were built for it are used."""
    env = dict(os.environ, CARGO_TARGET_DIR=str(ROOT / "target"), CARGO_TERM_COLOR="never")
    env.pop("CARGO_BUILD_TARGET_DIR", None)
    return env


def run(command, cwd, **options):
    print(f"$ {command}", flush=True)
    return subprocess.run(command, cwd=cwd, shell=True, env=environment(), **options)


def with_checkout(line):
    """`cargo add portcullis` takes the checkout."""
    return re.sub(r"(cargo add .*?)\bportcullis\b", rf"\1portcullis --path {ROOT}", line)


def share_build(package):
    """Gives the package the lock file and the profiles of the workspace."""
    shutil.copy(ROOT / "Cargo.lock", package)
    manifest = (ROOT / "Cargo.toml").read_text()
    profiles = re.findall(r"^\[profile\..*?(?=^\[(?!profile)|\Z)", manifest, re.M | re.S)
    with open(package / "Cargo.toml", "a") as file:
        file.write("\n" + "\n".join(profiles) + "\n[workspace]\n")


def check_manifest(package, shown):
    """The page shows the dependencies as they would be from the registry."""
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]
    written = tomllib.loads((package / "Cargo.toml").read_text())
    for kind, dependencies in tomllib.loads(shown).items():
        for name, dependency in written[kind].items():
            if isinstance(dependency, dict) and dependency.pop("path", None):
                dependency["version"] = version
                if len(dependency) == 1:
                    written[kind][name] = version
        if written[kind] != dependencies:
            fail(f"[{kind}] is {written[kind]}, and the page shows {dependencies}")


def start(command, cwd):
    print(f"$ {command} &", flush=True)
    server = subprocess.Popen(
        f"exec env {command}", cwd=cwd, shell=True, env=environment(), stdout=subprocess.PIPE, text=True
    )
    line = server.stdout.readline()
    if not line.startswith("listening on "):
        server.kill()
        fail(f"the service printed {line!r}")
    return server


def check_response(response, shown):
    """Status, the headers that are shown, and the body but for its date."""

    def parts(text):
        head, body = text.replace("\r", "").split("\n\n", 1)
        status, *headers = head.split("\n")
        return status, set(headers), re.sub(r'"date":"[^"]*"', "", body.strip())

    (status, headers, body), (shown_status, shown_headers, shown_body) = parts(response), parts(shown)
    if status.strip() != shown_status or body != shown_body or not shown_headers <= headers:
        fail(f"the page shows\n{shown}\nand the service responded\n{response}")


def follow(directory):
    package, server, output = directory / "orders", None, None
    try:
        for language, text, path in blocks():
            if language == "rust":
                (package / path).parent.mkdir(exist_ok=True)
                (package / path).write_text(text)
            elif language == "toml":
                check_manifest(package, text)
                share_build(package)
            elif language == "http":
                check_response(output, text)
            elif "cargo run" in text:
                run("cargo build --quiet", package, check=True)
                server = start(text.strip(), package)
            elif "curl" in text:
                command = text.strip().replace("curl", "curl --silent --max-time 10 --noproxy '*'")
                output = run(command, package, check=True, stdout=subprocess.PIPE, text=True).stdout
            else:
                for line in text.splitlines():
                    if not line.startswith("cd "):
                        where = directory if line.startswith("cargo new") else package
                        run(with_checkout(line), where, check=True)
    finally:
        if server:
            server.kill()
            server.wait()
    if server is None or output is None:
        fail("the page has no service and no request")


def check_compiler_note(directory):
    package = directory / "orders"
    run("cargo add --quiet tower-http@0.6 --features compression-gzip", package, check=True)
    run("cargo add --quiet tower@0.5 --features util", package, check=True)
    code = """
        use axum::{Router, routing::get};
        use portcullis::{AuthenticateLayer, JwtVerifier};
        use tower::ServiceBuilder;
        use tower_http::compression::CompressionLayer;

        pub fn app(verifier: JwtVerifier) -> Router {
            let layers = ServiceBuilder::new()
                .layer(AuthenticateLayer::bearer(verifier))
                .layer(CompressionLayer::new());
            Router::new().route("/", get("in")).layer(layers)
        }
    """
    line = ".map_response(|response: axum::http::Response<_>| response.map(axum::body::Body::new))"
    (package / "src/lib.rs").write_text(code)
    result = run("cargo check --lib --quiet", package, stderr=subprocess.PIPE, text=True)
    message = "a rejection can't be written into the response body `CompressionBody<"
    if result.returncode == 0 or message not in result.stderr or line not in result.stderr:
        fail(f"the compiler doesn't say what to do:\n{result.stderr}")
    # The line that it shows is right.
    code = code.replace(".layer(CompressionLayer", line + ".layer(CompressionLayer")
    (package / "src/lib.rs").write_text(code)
    run("cargo check --lib --quiet", package, check=True)


def main():
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="getting-started-") as directory:
        follow(pathlib.Path(directory))
        print(f"getting-started: the page took {time.monotonic() - began:.0f} s")
        check_compiler_note(pathlib.Path(directory))
    print(f"getting-started: passed in {time.monotonic() - began:.0f} s")


main()
