#!/usr/bin/env python3
"""Writes docs/conformance.md: the requirements of the RFCs, the tests that verify them, and where these run.

Each file `tests/requirements/*.toml` lists the requirements of one specification. A comment in front of a test names
the requirements that it verifies, by the name of the file and the key in it:

    // Verifies rfc6750-3-challenge, rfc6750-3.1-invalid-token.
    #[test]

The requirements of MCP are the rows of a table in docs/mcp.md, which names their tests itself.

    .ci/conformance.py                 writes the page
    .ci/conformance.py --check         fails if the page isn't what this script writes
    .ci/conformance.py --results LOG   fails if the log of `cargo test` lacks one of the tests, or shows that it failed
    .ci/conformance.py --self-test     checks this script, on small trees
"""

import argparse
import collections
import re
import sys
import tempfile
import tomllib
from pathlib import Path

PAGE = "docs/conformance.md"
MCP = "docs/mcp.md"
REQUIREMENTS = "tests/requirements"
LEVELS = {
    "must": "MUST",
    "must_not": "MUST NOT",
    "should": "SHOULD",
    "should_not": "SHOULD NOT",
    "recommended": "RECOMMENDED",
    "required": "REQUIRED",
    # What a specification demands without one of the words of RFC 2119.
    "states": "states",
}
# The tables of a file, and whom their requirements bind. Only the first applies to this crate.
PARTIES = {
    "resource-server": None,
    "service": "the service, or what stands in front of it",
    "client": "clients",
    "authorization-server": "authorization servers",
    "issuer": "issuers of tokens and keys",
    "author": "authors of specifications",
}
OWN = "resource-server"
# The steps of `.ci/run` that run the ignored tests of these folders.
IGNORED = {"browser": "browser", "interop": "interop", "mcp": "interop", "redis": "interop", "tonic": "interop"}
DETAILS = {"not_applicable", "deviation", "note"}

HEAD = """\
# Conformance

This page says which test verifies which requirement of the specifications that a resource server follows. It is for
auditors, and for developers who need to know what this crate does where a specification has a MUST.

`.ci/conformance.py` writes this page from `tests/requirements` and from the comments in front of the tests; please don't
edit it. CI fails if the page isn't current, and if a test that it names didn't run or didn't pass; the last column names
the step of `.ci/run` that runs it. Requirements are paraphrased. A requirement whose level is "states" is one that the
text makes without a word of RFC 2119. `cargo test --workspace --all-features NAME` runs a test; names of tests outside of
`tests/it` and `src` begin with their folder in `tests/`.

- **verified** requirements have at least one test.
- **not verified** requirements have none: it hasn't been written, or no test can show it.
- **deviation** means that this crate intentionally does something else. The text says what and why.
- **not applicable** requirements are about something that this crate doesn't do, or bind someone else.
"""


class Failure(Exception):
    """What keeps the page from being written."""


# ---- Tests ----

Test = collections.namedtuple("Test", "target path ignored verifies")


def name_of(test):
    """Returns the name as the page shows it."""
    return test.path if test.target in ("it", "lib") else f"{test.target}::{test.path}"


def module_of(file, root):
    parts = list(file.relative_to(root).with_suffix("").parts)
    return [part for part in parts if part not in ("mod", "main", "lib")]


def tests_of(file, target, module):
    """Yields the tests of a file."""
    inner, attributes, verifies = [], [], []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        text, indent = line.strip(), len(line) - len(line.lstrip())
        while inner and text == "}" and indent <= inner[-1][1]:
            inner.pop()
        if match := re.match(r"(?:pub(?:\(\w+\))? )?mod (\w+) \{", text):
            inner.append((match[1], indent))
        if match := re.match(r"// Verifies (.+?)\.?$", text):
            verifies += [(one.strip(), number) for one in match[1].rstrip(",").split(",")]
        elif text.startswith("#["):
            attributes.append(text)
        elif match := re.match(r"(?:pub )?(?:async )?fn (\w+)", text):
            is_test = any(re.match(r"#\[(tokio::)?test\b", one) for one in attributes)
            if is_test:
                path = "::".join([*module, *(name for name, _ in inner), match[1]])
                ignored = any(one.startswith("#[ignore") for one in attributes)
                yield Test(target, path, ignored, [one for one, _ in verifies])
            elif verifies:
                raise Failure(f"{file}:{verifies[0][1]}: this comment isn't in front of a test")
            attributes, verifies = [], []
        elif text and not text.startswith(("//", "#", ")", "]")) and attributes and "fn " not in text:
            # A continued attribute goes on; anything else ends the run of attributes.
            if not attributes[-1].endswith("]"):
                attributes[-1] += text
        elif not text and not attributes:
            if verifies:
                raise Failure(f"{file}:{verifies[0][1]}: this comment isn't in front of a test")
    if verifies:
        raise Failure(f"{file}:{verifies[0][1]}: this comment isn't in front of a test")


def all_tests(root):
    tests = []
    for file in sorted((root / "src").rglob("*.rs")):
        tests += tests_of(file, "lib", module_of(file, root / "src"))
    for folder in sorted(path for path in (root / "tests").iterdir() if path.is_dir()):
        for file in sorted(folder.rglob("*.rs")):
            tests += tests_of(file, folder.name, module_of(file, folder))
    return tests


# ---- Requirements ----

Requirement = collections.namedtuple("Requirement", "id section level text details party")


def requirements_of(file):
    """Returns the head of a file, and its requirements."""
    document = tomllib.loads(file.read_text())
    found = []
    for table, entries in document.items():
        if not isinstance(entries, dict):
            continue
        if table not in PARTIES:
            raise Failure(f"{file}: no such table: [{table}]")
        for key, entry in entries.items():
            levels = [level for level in LEVELS if level in entry]
            unknown = set(entry) - DETAILS - set(LEVELS)
            if len(levels) != 1 or unknown:
                raise Failure(f"{file}: {key}: needs one level, and has {sorted(entry)}")
            section = key.partition("-")[0]
            details = {name: entry[name] for name in DETAILS if name in entry}
            requirement = Requirement(
                f"{file.stem}-{key}", section, LEVELS[levels[0]], entry[levels[0]], details, table
            )
            found.append(requirement)
    for name in ("name", "title", "url"):
        if name not in document:
            raise Failure(f"{file}: `{name}` is missing")
    ids = [requirement.id for requirement in found]
    for one in ids:
        if ids.count(one) > 1:
            raise Failure(f"{file}: {one} is there twice")
    return document, found


def mcp_rows(root):
    """Yields the rows of the table in docs/mcp.md."""
    text = (root / MCP).read_text()
    columns = "| requirement | 2025-11-25 | 2026-07-28 | by | test |"
    if columns not in text:
        raise Failure(f"{MCP}: the table `{columns}` is missing")
    for line in text.partition(columns)[2].splitlines()[2:]:
        if not line.startswith("|"):
            break
        yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def mcp_tests(cell, tests, requirement):
    """Returns the tests that a cell such as `mcp/requests.rs` `name` names."""
    spans = re.findall(r"`([^`]+)`", cell)
    found = []
    file = None
    for span in spans:
        if span.endswith(".rs"):
            file = Path(span)
            continue
        module = "::".join(module_of(file, Path(file.parts[0])) + [span])
        named = [test for test in tests if test.target == file.parts[0] and test.path == module]
        if not named:
            raise Failure(f"{MCP}: {requirement}: there is no test `{span}` in tests/{file}")
        found += named
    return found


# ---- The page ----


def step_of(test):
    if not test.ignored:
        return "test"
    if test.target not in IGNORED:
        raise Failure(f"`{name_of(test)}` is ignored, and no step of CI runs it")
    return IGNORED[test.target]


def steps_of(tests):
    steps = {step_of(test) for test in tests}
    return " and ".join(f"`{step}`" for step in sorted(steps, reverse=True))


def result_of(requirement, tests):
    if "not_applicable" in requirement.details:
        return f"not applicable: {requirement.details['not_applicable']}"
    if "deviation" in requirement.details:
        return f"**deviation**: {requirement.details['deviation']}"
    result = f"passes in {steps_of(tests)}" if tests else "**not verified**"
    return f"{result}. {requirement.details['note']}" if "note" in requirement.details else result


def page(root):
    """Returns the page, and the tests that it names."""
    tests = all_tests(root)
    by_id = collections.defaultdict(list)
    for test in tests:
        for one in test.verifies:
            by_id[one].append(test)

    files = sorted((root / REQUIREMENTS).glob("*.toml"), key=lambda file: order_of(file))
    known, summary, parts, named = set(), [], [], []
    for file in files:
        head, requirements = requirements_of(file)
        known.update(requirement.id for requirement in requirements)
        counts = collections.Counter()
        lines = [f"## {head['name']}: {head['title']}", "", f"[{head['name']}]({head['url']})", ""]
        if "note" in head:
            lines += [head["note"].strip(), ""]
        lines += ["| section | level | requirement | tests | result |", "|---|---|---|---|---|"]
        for requirement in requirements:
            if requirement.party != OWN:
                continue
            own = by_id[requirement.id]
            named += own
            kind = (
                "not_applicable" if "not_applicable" in requirement.details
                else "deviation" if "deviation" in requirement.details
                else "verified" if own else "not verified"
            )
            if kind == "not_applicable" and own:
                raise Failure(f"{requirement.id} is not applicable, and `{name_of(own[0])}` verifies it")
            counts[kind] += 1
            cell = ", ".join(f"`{name_of(test)}`" for test in own)
            lines.append(
                f"| §{requirement.section} | {requirement.level} | {requirement.text} | {cell} "
                f"| {result_of(requirement, own)} |"
            )
        others = [requirement for requirement in requirements if requirement.party != OWN]
        if others:
            lines += ["", "These bind others:", "", "| section | level | requirement | binds |", "|---|---|---|---|"]
        for requirement in others:
            if by_id[requirement.id]:
                raise Failure(f"{requirement.id} binds others, and `{name_of(by_id[requirement.id][0])}` verifies it")
            counts["not_applicable"] += 1
            lines.append(
                f"| §{requirement.section} | {requirement.level} | {requirement.text} | {PARTIES[requirement.party]} |"
            )
        parts.append("\n".join(lines))
        anchor = re.sub(r"[^a-z0-9 -]", "", f"{head['name']}: {head['title']}".lower()).replace(" ", "-")
        summary.append(row_of(f"[{head['name']}](#{anchor}) {head['title']}", counts))

    unknown = sorted(set(by_id) - known)
    if unknown:
        test = by_id[unknown[0]][0]
        raise Failure(f"`{name_of(test)}` verifies {unknown[0]}, which {REQUIREMENTS} lacks")

    counts = collections.Counter()
    lines = [
        "## MCP: authorization, headers and sessions", "",
        "The requirements of the versions 2025-11-25 and 2026-07-28, from [mcp.md](mcp.md#the-specification).", "",
        "| requirement | 2025-11-25 | 2026-07-28 | by | tests | result |", "|---|---|---|---|---|---|",
    ]
    for requirement, older, newer, by, cell in mcp_rows(root):
        own = mcp_tests(cell, tests, requirement)
        named += own
        is_own = by != "you"
        counts["not_applicable" if not is_own else "verified" if own else "not verified"] += 1
        result = f"passes in {steps_of(own)}" if own else "**not verified**" if is_own else "left to the service"
        shown = ", ".join(f"`{name_of(test)}`" for test in own)
        lines.append(f"| {requirement} | {older} | {newer} | {by} | {shown} | {result} |")
    parts.append("\n".join(lines))
    summary.append(row_of("[MCP](#mcp-authorization-headers-and-sessions) authorization, headers and sessions", counts))

    table = ["| specification | verified | not verified | deviations | not applicable |", "|---|---|---|---|---|", *summary]
    return "\n\n".join([HEAD.strip(), "\n".join(table), *parts]) + "\n", named


def row_of(title, counts):
    cells = (str(counts[kind] or "") for kind in ("verified", "not verified", "deviation", "not_applicable"))
    return f"| {title} | {' | '.join(cells)} |"


def order_of(file):
    return tomllib.loads(file.read_text()).get("order", 0), file.name


# ---- Results ----


def results_of(log):
    """Returns the outcome of each test of a log, by target and path."""
    results, target = {}, None
    for line in log.splitlines():
        if match := re.search(r"Running (?:unittests )?(\S+) \(", line):
            path = Path(match[1])
            target = "lib" if path.name == "lib.rs" else path.parent.name if path.name == "main.rs" else path.stem
        elif line.lstrip().startswith("Doc-tests"):
            target = None
        elif match := re.match(r"test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)", line):
            if target:
                results[target, match[1]] = match[2]
    return results


def missing_results(named, results):
    for test in sorted(set((test.target, test.path, test.ignored) for test in named)):
        target, path, ignored = test
        found = results.get((target, path))
        if ignored and found == "ignored":
            continue
        if found != "ok":
            yield f"{target}: {path}: {found or 'not in the log'}"


# ---- Self-test ----

RFC = """\
name = "RFC 1"
title = "One"
url = "https://rfc.example/1"
[resource-server]
"1-a" = { must = "Do it" }
"2-b" = { should = "Do that", not_applicable = "there is no that" }
[client]
"3-c" = { must_not = "Do it" }
"""
CODE = """\
// Verifies rfc1-1-a.
#[test]
fn one() {}

mod tests {
    #[tokio::test]
    async fn two() {}
}
"""
MCP_TABLE = """\
| requirement | 2025-11-25 | 2026-07-28 | by | test |
|---|---|---|---|---|
| Do this | MUST | | crate | `it/a.rs` `one` |
| Do more | MUST | | you | |
"""


def tree(root, rfc=RFC, code=CODE, mcp=MCP_TABLE):
    for path, text in {
        "src/lib.rs": "", "tests/it/a.rs": code, "tests/requirements/rfc1.toml": rfc, MCP: mcp,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def self_test():
    cases = [
        ("a tree", {}, None),
        ("a removed test", {"code": CODE.replace("fn one", "fn none")}, "there is no test `one`"),
        ("a removed comment", {"code": CODE.replace("// Verifies rfc1-1-a.\n", "")}, None),
        ("an unknown requirement", {"code": CODE.replace("1-a", "9-z")}, "which tests/requirements lacks"),
        ("a comment at no test", {"code": CODE.replace("#[test]\n", "")}, "isn't in front of a test"),
        ("a comment about another's duty", {"code": CODE.replace("1-a", "3-c")}, "binds others"),
        ("a comment about nothing", {"code": CODE.replace("1-a", "2-b")}, "is not applicable"),
        ("a level too many", {"rfc": RFC.replace("must =", 'should = "", must =')}, "needs one level"),
    ]
    pages = {}
    for name, changes, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            tree(Path(folder), **changes)
            try:
                pages[name], named = page(Path(folder))
                found = None
            except Failure as failure:
                found = str(failure)
        if expected not in (found or "") if expected else found:
            sys.exit(f"self-test `{name}`: expected {expected}, found {found}")
    if "`a::one` | passes in `test`" not in pages["a tree"] or "| **not verified** |" in pages["a tree"]:
        sys.exit(pages["a tree"])
    if "| **not verified** |" not in pages["a removed comment"]:
        sys.exit(pages["a removed comment"])

    log = "     Running it/main.rs (target/debug/deps/it-1)\ntest a::one ... ok\ntest a::two ... FAILED\ntest a::three ... ignored\n"
    results = results_of(log)
    for path, ignored, expected in [("one", 0, 0), ("two", 0, 1), ("three", 1, 0), ("three", 0, 1), ("four", 0, 1)]:
        test = Test("it", f"a::{path}", bool(ignored), [])
        if len(list(missing_results([test], results))) != expected:
            sys.exit(f"self-test of the log: {path}")
    print(f"{len(cases)} self-tests passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare the page instead of writing it")
    parser.add_argument("--results", metavar="LOG", help="look for the tests in the log of `cargo test`")
    parser.add_argument("--self-test", action="store_true", help="check this script instead")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    root = Path(__file__).resolve().parent.parent
    try:
        text, named = page(root)
    except Failure as failure:
        sys.exit(str(failure))
    if options.results:
        missing = list(missing_results(named, results_of(Path(options.results).read_text(errors="replace"))))
        if missing:
            sys.exit("\n".join([f"{PAGE} names tests that didn't pass:", *missing]))
        print(f"{len(set(named_ids(named)))} tests of {PAGE} passed, or are run by `interop`")
    elif options.check:
        if (root / PAGE).read_text() != text:
            sys.exit(f"{PAGE} isn't current: run .ci/conformance.py")
        print(f"{PAGE} is current")
    else:
        (root / PAGE).write_text(text)
    return None


def named_ids(named):
    return ((test.target, test.path) for test in named)


if __name__ == "__main__":
    main()
