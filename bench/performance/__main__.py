"""Runs all benches, and writes docs/performance.md's figures.

    python3 bench/performance               everything: a quarter of an hour, on a machine that does nothing else
    python3 bench/performance http          only that bench: requests, growth, http, redis, peers, instructions or scale
    python3 bench/performance --draw        no bench: draws and writes from the figures at hand
    python3 bench/performance --quick       all in a few minutes, into target/performance; docs stay as they are

Needs valgrind for the instructions and redis-server for `redis` (`apt-get install valgrind redis-server`), and nothing but Python's standard library otherwise.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import plots
import tables
from figures import Figures

ROOT = Path(__file__).resolve().parent.parent.parent
# `scale` computes with the results of the others.
BENCHES = ["requests", "growth", "http", "redis", "peers", "instructions", "scale"]
# Into how many parts the bench divides a phase.
PARTS = 10

# The groups of `scale`, and what their tables are about.
SCALE = {
    "issuer": "the issuer, requests",
    "introspection": "the endpoint, introspections",
    "proofs": "Redis, DPoP proofs",
    "revocations": "Redis, revocations while replicas run",
    "list": "Redis, revocations while replicas start",
    "processors": "processors of all replicas",
    "memory": "memory of one replica",
}


def main():
    arguments = sys.argv[1:]
    options = [argument for argument in arguments if argument.startswith("--")]
    chosen = [argument for argument in arguments if not argument.startswith("--")] or BENCHES
    if set(options) - {"--draw", "--quick"} or set(chosen) - set(BENCHES):
        sys.exit(__doc__)
    quick = "--quick" in options
    page = ROOT / "docs/performance.md"
    if quick:
        folder = ROOT / "target/performance"
        shutil.copytree(ROOT / "docs/performance", folder / "performance", dirs_exist_ok=True)
        page = Path(shutil.copy(page, folder))
    if "--draw" not in options:
        for bench in chosen:
            run(bench, page.parent / "performance", ["--quick"] if quick else [])
    write(page, page.parent / "performance")


def run(bench, folder, options):
    folder.mkdir(parents=True, exist_ok=True)
    if bench == "instructions":
        call([ROOT / "bench/instructions.py", *([] if options else ["--renew"])], may_fail=bool(options))
    elif bench == "peers":
        command = ["cargo", "run", "--release", "--manifest-path", ROOT / "bench/peers/Cargo.toml", "--", *options]
        call([*command, "--tsv", folder / "peers.tsv"])
        call([*command, "--defaults", "--tsv", folder / "peers-by-default.tsv"])
    else:
        features = ["--features", "tonic"] if bench == "http" else []
        command = ["cargo", "bench", "-p", "portcullis-bench", *features, "--bench", bench, "--", *options]
        call([*command, "--tsv", folder / f"{bench}.tsv"])


def call(command, may_fail=False):
    command = [str(part) for part in command]
    print("$", " ".join(command), flush=True)
    subprocess.run(command, cwd=ROOT, check=not may_fail)


def write(page, folder):
    """Draws, and puts tables between the page's markers."""
    requests, growth, http, redis, scale, peers, defaults = (
        Figures(folder / f"{name}.tsv")
        for name in ("requests", "growth", "http", "redis", "scale", "peers", "peers-by-default")
    )
    draw(folder, growth, peers, http)
    parts = {
        "machine": f"{requests.machine()}; {compiler()}.",
        "bars": tables.bars(requests, growth, http),
        "peers": tables.peers(peers),
        "peers by default": tables.peers(defaults),
        "peers baselines": tables.baselines(peers),
        "answers": tables.answers(peers),
        "requests": tables.requests(requests),
        "tokens": tables.tokens(growth),
        "threads": tables.threads(requests),
        "flood": tables.flood(requests),
        "saturated": tables.saturated(http),
        "tails": tables.tails(http),
        "added": tables.added(http),
        "cpu": tables.cpu(http),
        "responses": tables.responses(http),
        "instructions": tables.instructions(ROOT / "bench/instructions.tsv"),
        "assumed": tables.assumed(scale),
        "redis": tables.redis(redis),
        **{f"scale {group}": tables.scale(scale, group, head) for group, head in SCALE.items()},
        "limits": tables.limits(scale),
    }
    text = page.read_text()
    for name, part in parts.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, found = marked.subn(lambda match: f"{match[1]}\n{part}\n\n{match[2]}", text)
        if found != 1:
            sys.exit(f"{page.name}: {found} places for {name}")
    page.write_text(text)
    print(f"wrote {page.relative_to(ROOT)} and the plots beside it")


def compiler():
    return subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def draw(folder, growth, peers, http):
    groups = []
    for kind in ("RS256", "ES256", "EdDSA"):
        rows = [(name, peers.get(f"accepted, {kind}: {name}", f"net × raw {kind}")) for name in tables.names(peers)]
        rows = [(name, max(value, 0), name.startswith("portcullis")) for name, value in rows if value is not None]
        groups.append((kind, rows))
    about = "time beyond the router's, as a multiple of checking the signature with a parsed key; less is better"
    save(folder / "peers.svg", plots.bars("An accepted request", about, groups, 2.0))

    median = lambda row: growth.get(row, "median ns")
    us = lambda row: median(row) / 1000
    bounds = ["32 MiB", "1 GiB"]
    counts = [count_of(row) for row in growth.rows() if row.startswith("tokens, 1 GiB")]
    mib = lambda row: growth.get(row, "bytes in memory") / 2**20
    held = [(bound, [(n, mib(f"tokens, {bound}, {n}")) for n in counts]) for bound in bounds]
    about = "MiB held by the verifier and its cache, by its bound"
    title = "Memory of verified tokens"
    plot = plots.lines(title, about, "tokens met, each once", held, log_y=True, names=plots.short)
    save(folder / "tokens-memory.svg", plot)
    times = [(bound, [(n, us(f"tokens, {bound}, {n}")) for n in counts]) for bound in bounds]
    about = "µs for a request with one of them, drawn at random; what left the cache is verified anew (HS256)"
    plot = plots.lines("Tokens in turn", about, "tokens met", times, names=plots.short)
    save(folder / "tokens-time.svg", plot)

    for group, title in (("keys", "Keys of an issuer"), ("issuers", "Issuers")):
        kinds = list(dict.fromkeys(row.split(", ")[1] for row in growth.rows() if row.startswith(f"{group}, ")))
        series = [(kind, points(growth, f"{group}, {kind}, ", us)) for kind in kinds]
        plot = plots.lines(title, "µs for a request, RS256", f"number of {group}", series, log_y=True)
        save(folder / f"{group}.svg", plot)
    series = [(kind, points(growth, f"size, {kind}, ", us)) for kind in ("first seen", "raw", "seen")]
    about = "µs for a request, EdDSA; raw: the signature alone"
    kilobytes = lambda bytes: f"{bytes / 1024:g}"
    save(folder / "size.svg", plots.lines("Length of a token", about, "KB", series, log_y=True, names=kilobytes))
    about = "99th percentile of each half second, µs, on a logarithmic scale; events happen in the shaded parts"
    save(folder / "tails.svg", plots.phases("At fixed rates", about, *timeline(http)))


def timeline(http):
    """The names of the phases, and for each protocol the lines of each kind of token, of points as (phases, µs)."""
    names = [name for name in tables.phases(http) if name != "steady"]
    panels = []
    for protocol in tables.PROTOCOLS:
        series = {}
        for number, phase in enumerate(names):
            for token in tables.tokens_of(http, phase):
                values = [http.get(f"{protocol}, {phase}, {token}", f"99 % µs, part {part}") for part in range(PARTS)]
                points = [(number + (part + 0.5) / PARTS, value) for part, value in enumerate(values) if value]
                if token not in tables.FLOODS and points:
                    series.setdefault(token, []).append(points)
        panels.append((protocol, series))
    return names, panels


def points(growth, beginning, value):
    rows = [row for row in growth.rows() if row.startswith(beginning)]
    return [(count_of(row), value(row)) for row in rows]


def count_of(row):
    return int(row.rsplit(", ", 1)[1])


def save(path, text):
    path.write_text(text)


if __name__ == "__main__":
    main()
