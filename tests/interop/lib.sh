# shellcheck shell=bash
# What the scripts beside this file share: where a server keeps its files, and how it is started and stopped.

# Sets INTEROP_DIR, where servers keep pid files, logs and data: the caller's, or a new one, which is then named.
interop_dir() {
    if [[ -z ${INTEROP_DIR:-} ]]; then
        INTEROP_DIR=$(mktemp -d "${TMPDIR:-/tmp}/portcullis-interop.XXXXXX")
        echo "export INTEROP_DIR=$INTEROP_DIR"
    fi
    mkdir -p "$INTEROP_DIR"
}

# running PID: whether that process still runs (one that ended but was not waited for does not).
running() {
    [[ -r /proc/$1/stat ]] && ! grep -q ') Z ' "/proc/$1/stat" 2>/dev/null
}

# launch NAME COMMAND...: starts the command in the background, with NAME.pid and NAME.log in INTEROP_DIR.
launch() {
    local name=$1 pid
    shift
    if [[ -e $INTEROP_DIR/$name.pid ]] && running "$(<"$INTEROP_DIR/$name.pid")"; then
        echo "$name runs already, as process $(<"$INTEROP_DIR/$name.pid")" >&2
        return 1
    fi
    nohup "$@" </dev/null >"$INTEROP_DIR/$name.log" 2>&1 &
    pid=$!
    echo "$pid" >"$INTEROP_DIR/$name.pid"
}

# await NAME CHECK...: waits until the check succeeds; fails when the server ends, or is not up within 20 s.
await() {
    local name=$1 pid deadline=$((SECONDS + 20))
    shift
    pid=$(<"$INTEROP_DIR/$name.pid")
    until "$@" >/dev/null 2>&1; do
        if ! running "$pid" || ((SECONDS >= deadline)); then
            echo "$name did not start; its log ends:" >&2
            tail -n 20 "$INTEROP_DIR/$name.log" >&2
            terminate "$name"
            return 1
        fi
        sleep 0.1
    done
}

# terminate NAME: ends the server that launch started, by its pid; says nothing when there is none.
terminate() {
    local file=$INTEROP_DIR/$1.pid pid deadline=$((SECONDS + 5))
    [[ -e $file ]] || return 0
    pid=$(<"$file")
    rm -f "$file"
    running "$pid" || return 0
    kill "$pid" 2>/dev/null || return 0
    while running "$pid"; do
        if ((SECONDS >= deadline)); then
            kill -KILL "$pid" 2>/dev/null || true
            return 0
        fi
        sleep 0.1
    done
}
