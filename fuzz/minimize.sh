#!/usr/bin/env bash
# Replaces each corpus by the smallest set of inputs that reaches the same edges: of the corpus itself and of
# FOLDER/TARGET, as a fuzzing run left it.
#
#     fuzz/minimize.sh FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
found=$(realpath "$1")

cargo fuzz build -s none
for target in $(cargo fuzz list); do
    new=$(mktemp -d)
    inputs=()
    for folder in "fuzz/corpus/$target" "$found/$target"; do
        [[ -d $folder ]] && inputs+=("$folder")
    done
    # Edges alone: how often each is taken would keep many more inputs.
    cargo fuzz run -s none "$target" "$new" "${inputs[@]}" -- \
        -set_cover_merge=1 -use_counters=0 -max_len=1024 -rss_limit_mb=512
    rm -rf "fuzz/corpus/$target"
    mkdir -p "fuzz/corpus/$target"
    for input in "$new"/*; do
        cp "$input" "fuzz/corpus/$target/$(sha1sum <"$input" | cut -c-16)"
    done
    rm -rf "$new"
done
