#!/usr/bin/env python3
"""Fails when a crate that users of this one build, with whatever features, declares a newer Rust than this one does."""

import json
import subprocess
import sys


def version(text):
    return tuple(map(int, (text.split(".") + ["0"])[:3]))


def main():
    metadata = json.loads(
        subprocess.run(
            ["cargo", "metadata", "--all-features", "--format-version", "1"], check=True, stdout=subprocess.PIPE
        ).stdout
    )
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}

    root = metadata["resolve"]["root"]
    reached, waiting = {root}, [root]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            used = any(kind["kind"] != "dev" for kind in dependency["dep_kinds"])
            if used and dependency["pkg"] not in reached:
                reached.add(dependency["pkg"])
                waiting.append(dependency["pkg"])

    ours = packages[root]["rust_version"]
    declared = [p for p in map(packages.get, reached - {root}) if p["rust_version"]]
    newer = [p for p in declared if version(p["rust_version"]) > version(ours)]
    for package in sorted(newer, key=lambda p: p["name"]):
        print(f"{package['name']} {package['version']} wants Rust {package['rust_version']}", file=sys.stderr)
    if newer:
        sys.exit(f"rust-version is {ours}")
    highest = max(declared, key=lambda p: (version(p["rust_version"]), p["name"]))
    print(
        f"rust-version {ours} holds for {len(reached) - 1} dependencies, of which {len(declared)} declare theirs;"
        f" the highest is {highest['rust_version']}, of {highest['name']}"
    )


if __name__ == "__main__":
    main()
