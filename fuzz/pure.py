#!/usr/bin/env python3
"""Writes the manifests of two packages. With --check, fails if they are out of date.

- pure/Cargo.toml: the library of this repository under another name, with its pure Rust back end. Cargo unifies the
  features of a package, so that one binary can contain both back ends only as two packages.
- replay/Cargo.toml: the fuzz targets as a program in the workspace of the repository, so that their dependencies are those
  that `.ci/run test` builds. For cargo-fuzz, the targets are a separate workspace.
"""

import pathlib
import sys
import tomllib

HERE = pathlib.Path(__file__).parent
PURE = HERE / "pure" / "Cargo.toml"
REPLAY = HERE / "replay" / "Cargo.toml"
DEFAULTS = ["axum", "introspection", "rust-crypto-ml-dsa"]


def literal(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}'" if '"' in value else f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return "{ " + ", ".join(f"{name} = {literal(item)}" for name, item in value.items()) + " }"


def pure(root):
    shared = root["workspace"]["dependencies"]
    lines = [
        "# Written by pure.py from the manifest of the repository.",
        "[package]",
        'name = "portcullis-pure"',
        'version = "0.0.0"',
        f'edition = "{root["workspace"]["package"]["edition"]}"',
        "publish = false",
        "",
        "[lib]",
        'path = "../../src/lib.rs"',
        "doctest = false",
        "test = false",
        "",
        "[features]",
    ]
    for name, features in root["features"].items():
        lines.append(f"{name} = {literal(DEFAULTS if name == 'default' else features)}")
    lines += ["", "[dependencies]"]
    for name, dependency in root["dependencies"].items():
        if isinstance(dependency, str):
            dependency = {"version": dependency}
        if dependency.get("workspace"):
            base = shared[name]
            base = {"version": base} if isinstance(base, str) else dict(base)
            rest = {key: value for key, value in dependency.items() if key != "workspace"}
            features = base.pop("features", []) + rest.pop("features", [])
            dependency = base | rest | ({"features": features} if features else {})
        lines.append(f"{name} = {literal(dependency)}")
    for target, tables in root.get("target", {}).items():
        sys.exit(f"{target}: dependencies of a target aren't supported") if tables else None
    return "\n".join(lines) + "\n"


def replay(root):
    fuzz = tomllib.loads((HERE / "Cargo.toml").read_text())
    lines = [
        "# Written by pure.py from the manifest of the fuzz targets.",
        "[package]",
        'name = "portcullis-corpora"',
        'version = "0.0.0"',
        f'edition = "{root["workspace"]["package"]["edition"]}"',
        "publish = false",
        'workspace = "../.."',
        "",
        "[lib]",
        'name = "portcullis_fuzz"',
        'path = "../src/lib.rs"',
        "bench = false",
        "doctest = false",
        "test = false",
        "",
        # Not a test, because some targets include files of the library, whose tests need other crates.
        "[[example]]",
        'name = "corpora"',
        'path = "../fuzz_targets/replay.rs"',
        "",
        "[dependencies]",
    ]
    for name, dependency in fuzz["dependencies"].items():
        if "path" in dependency:
            dependency = dependency | {"path": "../" + dependency["path"]}
        lines.append(f"{name} = {literal(dependency)}")
    lines += ["", "[lints.rust]"]
    lines += [f"{name} = {literal(lint)}" for name, lint in fuzz["lints"]["rust"].items()]
    return "\n".join(lines) + "\n"


def main():
    root = tomllib.loads((HERE.parent / "Cargo.toml").read_text())
    for target, text in [(PURE, pure(root)), (REPLAY, replay(root))]:
        if "--check" not in sys.argv:
            target.parent.mkdir(exist_ok=True)
            target.write_text(text)
        elif not target.exists() or target.read_text() != text:
            sys.exit(f"{target.relative_to(HERE.parent)} is out of date: run fuzz/pure.py")


main()
