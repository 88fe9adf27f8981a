#!/usr/bin/env python3
"""Writes pure/Cargo.toml: the library of this repository under another name, with its pure Rust back end.

Cargo unifies the features of a package, so that one binary can contain both back ends only as two packages. With
--check, fails if the file is out of date.
"""

import pathlib
import sys
import tomllib

HERE = pathlib.Path(__file__).parent
TARGET = HERE / "pure" / "Cargo.toml"
DEFAULTS = ["axum", "introspection", "rust-crypto-ml-dsa"]


def literal(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value + '"'
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return "{ " + ", ".join(f"{name} = {literal(item)}" for name, item in value.items()) + " }"


def main():
    root = tomllib.loads((HERE.parent / "Cargo.toml").read_text())
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
    text = "\n".join(lines) + "\n"
    if "--check" in sys.argv:
        if TARGET.read_text() != text:
            sys.exit(f"{TARGET.relative_to(HERE.parent)} is out of date: run fuzz/pure.py")
        return
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text)


main()
