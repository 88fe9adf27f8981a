#!/usr/bin/env python3
"""Checks links and wording of the documentation.

    .ci/words.py            Markdown files, the front page of the crate, and examples
    .ci/words.py --src      the comments of src/ as well
    .ci/words.py --self-test

Links: files, anchors and reference definitions in Markdown, without a network. Wording: phrases of .ci/words.toml.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tracked(*patterns):
    output = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    return sorted({Path(line) for line in output.splitlines() if (ROOT / line).is_file()})


def blank(match):
    """Keeps line breaks, so that line numbers stay."""
    return re.sub(r"[^\n]", " ", match[0])


def prose(text):
    """Markdown without code: fenced blocks, generated tables and comments. Code spans become a backquote each."""
    text = re.sub(r"^( *)```.*?^ *```", blank, text, flags=re.M | re.S)
    text = re.sub(r"<!-- (?!end)[\w ]+ -->.*?<!-- end -->", blank, text, flags=re.S)
    return re.sub(r"<!--.*?-->", blank, text, flags=re.S)


def without_spans(text):
    return re.sub(r"(`+)[^`]+\1", lambda match: "`" + re.sub(r"[^\n]", "", match[0]) + "`", text)


def comments(text):
    """The comments of Rust code, without code blocks in documentation."""
    lines, in_code = [], False
    for line in text.split("\n"):
        match = re.match(r"\s*//[/!]?(.*)", line)
        comment = match[1] if match else ""
        if comment.strip().startswith("```"):
            in_code, comment = not in_code, ""
        lines.append("" if in_code else comment)
    return "\n".join(lines)


def slugs(text):
    """The anchors of headings, as GitHub makes them."""
    found = {}
    for heading in re.findall(r"^#{1,6} +(.*)$", prose(text), re.M):
        heading = re.sub(r"\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])", r"\1", heading.strip())
        slug = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
        if found[slug]:
            found[f"{slug}-{found[slug]}"] = 0
    return set(found)


def link_problems(path, text, anchors):
    """Yields the line and the text of each problem."""
    body = prose(text)
    spans = re.sub(r"(`+)[^`]+\1", lambda match: re.sub(r"[^\n]", "x", match[0]), body)
    definitions = {
        re.sub(r"\s+", " ", name.lower()): (target, position)
        for name, target, position in (
            (match[1], match[2], match.start()) for match in re.finditer(r"^ *\[([^\]]+)\]: +(\S+)", spans, re.M)
        )
    }
    links = [(match[1], match.start()) for match in re.finditer(r"\]\(([^)\s]+)\)", spans)]
    links += definitions.values()
    for target, position in links:
        line = body.count("\n", 0, position) + 1
        if re.match(r"[a-z]+:", target):
            if not re.match(r"(https://|http://127\.0\.0\.1|mailto:)", target):
                yield line, f"`{target}` isn't an https URL"
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file) if file else path
        if not (ROOT / linked).exists():
            yield line, f"`{target}`: no such file"
        elif anchor and linked.suffix == ".md":
            known = anchors.get((ROOT / linked).resolve())
            if known is not None and anchor not in known:
                yield line, f"`{target}`: no such heading"
    used = set()
    for match in re.finditer(r"(?<![\]\w`])\[([^\]\[]+)\](?:\[([^\]]*)\])?(?![\](])", spans):
        if re.match(r"\[[^\]]+\]: +\S+$", spans[match.start() :].split("\n")[0]):
            continue  # a definition
        name = re.sub(r"\s+", " ", (match[2] or match[1]).lower())
        if match[2] is not None and match[2] and name not in definitions:
            yield body.count("\n", 0, match.start()) + 1, f"`[{match[2]}]` has no definition"
        used.add(name)
    for name, (_, position) in definitions.items():
        if name not in used:
            yield body.count("\n", 0, position) + 1, f"`[{name}]` isn't used"


def word_problems(text, rules):
    """Yields the line and the text of each phrase."""
    rejected, allowed = rules
    lines = text.split("\n")
    # A phrase may be broken by a line.
    for phrase, instead in rejected:
        for match in phrase.finditer(text):
            number = text.count("\n", 0, match.start()) + 1
            line = lines[number - 1]
            if not any(part in line and word in match[0].lower() for part, word in allowed):
                found = re.sub(r"\s+", " ", match[0])
                yield number, f"`{found}`: write {instead}"


def load_rules():
    table = tomllib.loads((ROOT / ".ci/words.toml").read_text())
    rejected = [
        (re.compile(rule["phrase"].replace(" ", r"\s+"), re.I), rule["instead"]) for rule in table["reject"]
    ]
    return rejected, [(rule["line"], rule["phrase"]) for rule in table.get("allow", [])]


def check(with_src):
    rules, problems = load_rules(), []
    pages = [path for path in tracked("*.md", ".github/*.md") if "node_modules" not in path.parts]
    texts = {path: (ROOT / path).read_text() for path in pages}
    anchors = {(ROOT / path).resolve(): slugs(text) for path, text in texts.items()}
    for path, text in texts.items():
        problems += [(path, *problem) for problem in link_problems(path, text, anchors)]
        problems += [(path, *problem) for problem in word_problems(without_spans(prose(text)), rules)]
    sources = tracked("src/lib.rs", "examples/*.rs", "examples/**/*.rs")
    sources = [path for path in sources if path.name != "orders.rs" or "tonic" not in path.parts]
    if with_src:
        sources += [path for path in tracked("src/*.rs", "src/**/*.rs") if path not in sources]
    for path in sources:
        text = comments((ROOT / path).read_text())
        problems += [(path, *problem) for problem in word_problems(without_spans(text), rules)]
    for path, line, problem in sorted(problems):
        print(f"{path}:{line}: {problem}", file=sys.stderr)
    if problems:
        sys.exit(f"{len(problems)} problems")
    print(f"links and words of {len(pages)} pages and {len(sources)} files of code are fine")


def self_test():
    page = "# A `b` c?\n\n[x](#a-b-c) [y](#gone) [z](gone.md) [r][d] [s][missing]\n\n[d]: https://a.example\n[e]: http://b.example\n"
    path = Path("page.md")
    # The page itself doesn't exist as a file.
    problems = [text for _, text in link_problems(Path("README.md"), page, {(ROOT / "README.md").resolve(): slugs(page)})]
    assert slugs(page) == {"a-b-c"}, slugs(page)
    for part in ["#gone", "gone.md", "[missing]", "http://b.example", "[e]"]:
        assert any(part in problem for problem in problems), (part, problems)
    assert len(problems) == 5, problems
    rules = load_rules()
    found = [text for _, text in word_problems(without_spans(prose("a key of\nits own, `nobody`\n```\nnobody\n```\n")), rules)]
    assert len(found) == 1 and "of its own" in found[0], found
    assert not list(word_problems(without_spans("`REDIS_OUTAGE`: refuse"), ([], [])))
    code = comments("/// Nobody.\n/// ```\n/// let nobody = 1;\n/// ```\nlet x = 1; // code\n")
    assert len(list(word_problems(code, rules))) == 1
    print("self-test passed")


if __name__ == "__main__":
    if "--self-test" in sys.argv:
        self_test()
    else:
        check("--src" in sys.argv)
