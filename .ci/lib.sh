# shellcheck shell=bash
# What the scripts beside this file share.

# run COMMAND...: says what it runs.
run() {
    echo "\$ $*"
    "$@"
}

# need COMMAND PACKAGE...: makes sure of the command, from Debian's packages where it is missing.
need() {
    local command=$1 as_root=()
    shift
    command -v "$command" >/dev/null && return
    if ! command -v apt-get >/dev/null; then
        echo "$command is missing, and there is no apt-get to install it with" >&2
        return 1
    fi
    ((EUID == 0)) || as_root=(sudo)
    echo "$command is missing: installing $*"
    "${as_root[@]}" apt-get update -q >/dev/null
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null >/dev/null
    if ! command -v "$command" >/dev/null; then
        echo "$command is missing still" >&2
        return 1
    fi
}
