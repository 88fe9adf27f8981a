#!/usr/bin/env python3
"""Counts the instructions of hot paths, so that a regression is seen without a quiet machine.

    bench/instructions.py             compares with bench/instructions.tsv; fails if one is 3 % above
    bench/instructions.py --renew     writes the figures there
    bench/instructions.py 'seen, RS256' ...
                                        only those rows

Needs valgrind (`apt-get install valgrind`), and some three minutes, half of which is the build. Figures are of
one request, without the making of it. They depend on the compiler, on the versions in Cargo.lock, and a little on
the processor, for which AWS-LC chooses its code; valgrind hides AVX-512 from it.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "bench/instructions.tsv"
TIMES = 64
TOLERANCE = 0.03
ROWS = [
    "router alone",
    "constant `Arc`, `Extension`",
    "identity known",
    "identity known, scope guard",
    "seen, RS256",
    "seen, RS256, `Claims<T>`",
    "first seen, RS256",
    "first seen, ES256",
    "first seen, EdDSA",
    "first seen, HS256",
    "first seen, RS256, `Claims<T>`",
    "rejected, no token",
    "rejected, garbage",
    "rejected, 16 KB without a dot",
    "rejected, unknown kid",
    "rejected, wrong issuer",
    "rejected, expired",
    "rejected, bad signature, RS256",
]


def main():
    arguments = sys.argv[1:]
    renew = "--renew" in arguments
    rows = [argument for argument in arguments if argument != "--renew"] or ROWS
    if renew and rows != ROWS:
        sys.exit("--renew is for all rows")
    counted = count(build(), rows)
    above = compare(counted, known())
    if renew:
        lines = [f"{row}\t{instructions}\n" for row, instructions in counted.items()]
        FIGURES.write_text("row\tinstructions\n" + "".join(lines))
    elif above:
        sys.exit(1)


def build():
    """The executable of the bench `instructions`."""
    command = ["cargo", "bench", "-p", "portcullis-bench", "--bench", "instructions", "--no-run"]
    command += ["--message-format=json-render-diagnostics"]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    for line in output.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "instructions":
            return message["executable"]
    sys.exit("cargo built no bench `instructions`")


def count(executable, rows):
    """Instructions of one request of each row: callgrind writes a file whenever `measured` is left."""
    with tempfile.TemporaryDirectory() as directory:
        command = ["valgrind", "--quiet", "--tool=callgrind"]
        command += ["--toggle-collect=*::measured", "--dump-after=*::measured"]
        command += [f"--callgrind-out-file={directory}/out", executable, str(TIMES), *rows]
        try:
            subprocess.run(command, check=True)
        except FileNotFoundError:
            sys.exit("valgrind is missing: apt-get install valgrind")
        dumps = [Path(directory, f"out.{number}") for number in range(1, len(rows) + 1)]
        return {row: round(total(dump) / TIMES) for row, dump in zip(rows, dumps)}


def total(dump):
    return int(re.search(r"^(?:totals|summary): (\d+)", dump.read_text(), re.MULTILINE)[1])


def known():
    if not FIGURES.exists():
        return {}
    lines = FIGURES.read_text().splitlines()[1:]
    return {row: int(instructions) for row, instructions in (line.split("\t") for line in lines)}


def compare(counted, known):
    """Prints a table; how many rows take more than they may."""
    above = 0
    print(f"{'instructions for one request':34}{'now':>10}{'known':>10}")
    for row, now in counted.items():
        before = known.get(row)
        if before is None:
            print(f"{row:34}{now:>10}{'-':>10}")
            continue
        change = now / before - 1
        is_above = change > TOLERANCE
        above += is_above
        print(f"{row:34}{now:>10}{before:>10}{change:>+9.1%}{'  ABOVE' if is_above else ''}")
    return above


if __name__ == "__main__":
    main()
