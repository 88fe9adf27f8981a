#!/usr/bin/env python3
"""Checks that the files of `src/` import each other in the order that ARCHITECTURE.md documents.

Its table `| module | files | what |` lists the modules in order, and the files of each module. A file may import from
its own module and from the modules above it. An import counts for the file that defines the item, whatever re-exports
it passes: `use crate::Error` is an import of `error/error.rs`. Imports are `use` declarations and paths in code, such
as `crate::a::B::new()`. Test code (`#[cfg(test)]`, `tests.rs`, `tests/`) may import anything.

The script also checks that every file of `src/` is covered by one row, that every row covers a file, and that imports
form no cycle, neither between files nor between directories. One pair is exempt: a file that defines `Foo` with
`builder()`, and a file that defines `FooBuilder` with `build()`. In the table `| question | answer | where |`, each
file must exist and contain the names after it.

    .ci/modules.py               checks the working tree
    .ci/modules.py --self-test   checks this script, on small trees

It can't see calls of methods on inferred types, and names that a macro generates.
"""

import argparse
import collections
import io
import itertools
import re
import sys
import tempfile
from pathlib import Path

# ---- The table in ARCHITECTURE.md ----

COLUMNS = ["module", "files", "what"]
QUESTIONS = ["question", "answer", "where"]


class Failure(Exception):
    """What keeps the check from being made."""


def rows_of(document, columns):
    """Yields the line number and the cells of each row below a header with these columns."""
    wanted = False
    for number, line in enumerate(document.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or cells == columns:
            wanted = cells == columns
        elif wanted and set(line) - set("|- :"):
            yield number, cells


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


class Table:
    """The modules in order, and the file names and patterns of each.

    A file name is relative to the directory of its module, or to the directory above if the module is a single file.
    `dir/*` covers the files below `dir` that no row names. Rows without a module continue the module above them.
    """

    def __init__(self, document, src):
        self.modules = []
        self.rows = []  # (index of the module, path relative to src/, whether it is a pattern, line)
        for number, cells in rows_of(document, COLUMNS):
            self.add(cells, number, src)
        if not self.modules:
            raise Failure(f"ARCHITECTURE.md has no table `| {' | '.join(COLUMNS)} |`")

    def add(self, cells, number, src):
        module, *_ = quoted(cells[0]) or [None]
        if module in self.modules:
            raise Failure(f"ARCHITECTURE.md:{number}: `{module}` is in the table twice")
        if module:
            self.modules.append(module)
        elif not self.modules:
            raise Failure(f"ARCHITECTURE.md:{number}: the first row names no module")
        module = Path(self.modules[-1])
        folder = module if (src / module).is_dir() else module.parent
        files = quoted(cells[1])
        if not files:
            raise Failure(f"ARCHITECTURE.md:{number}: the row names no file")
        for file in files:
            path = (folder / file).as_posix()
            self.rows.append((len(self.modules) - 1, path, path.endswith("*"), number))

    def assign(self, files):
        """Returns the module of each file, and the problems found."""
        module_of, used, problems = {}, set(), []
        for file in files:
            # A name comes before a pattern, and a longer pattern before a shorter one.
            fits = [
                (not pattern, len(path), row)
                for row, (_, path, pattern, _) in enumerate(self.rows)
                if (file.startswith(path[:-1]) if pattern else file == path)
            ]
            if not fits:
                problems.append(f"src/{file}: no row of ARCHITECTURE.md covers this file")
                continue
            *best, row = max(fits)
            twins = [row for *fit, row in fits if fit == best]
            if len(twins) > 1:
                lines = ", ".join(str(self.rows[row][3]) for row in twins)
                problems.append(f"src/{file}: covered twice in ARCHITECTURE.md, in the lines {lines}")
            used.update(twins)
            module_of[file] = self.rows[row][0]
        for row, (_, path, _, number) in enumerate(self.rows):
            if row not in used:
                problems.append(f"ARCHITECTURE.md:{number}: `{path}` covers no file of src/")
        return module_of, problems


# ---- Tokens ----

TOKEN = re.compile(
    r"""
      (?P<skip>  \s+ | //[^\n]* )
    | (?P<block> /\* )
    | (?P<text>  [bc]?r(?P<hashes>\#*)".*?"(?P=hashes) | [bc]?"(?:\\.|[^"\\])*"
               | b?'(?:\\(?:u\{[^}]*\}|x[0-9a-fA-F]{2}|.)|[^\\'\n])' )
    | (?P<label> '[A-Za-z_]\w* )
    | (?P<name>  (?:r\#)?[A-Za-z_]\w* )
    | (?P<other> \d\w* | :: | . )
    """,
    re.VERBOSE | re.DOTALL,
)
OPEN, CLOSE = set("([{"), set(")]}")
DEFINING = {"struct", "enum", "union", "trait", "type", "fn", "const", "static"}


class Token(str):
    """The text of a token, and its line."""

    __slots__ = ("is_name", "line")

    def __new__(cls, text, line, is_name=False):
        token = super().__new__(cls, text)
        token.line, token.is_name = line, is_name
        return token


def tokenize(source):
    tokens, at, line = [], 0, 1
    while at < len(source):
        match = TOKEN.match(source, at)
        end = match.end()
        if match["block"]:
            depth = 1
            while depth:  # block comments nest
                mark = re.compile(r"/\*|\*/").search(source, end)
                depth += 1 if mark[0] == "/*" else -1
                end = mark.end()
        elif match["name"]:
            tokens.append(Token(match["name"].removeprefix("r#"), line, is_name=True))
        elif not match["skip"]:
            tokens.append(Token(match[0], line))
        line += source.count("\n", at, end)
        at = end
    return tokens


def group_end(tokens, at):
    """Returns the index after the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(tokens)):
        depth += (tokens[index] in OPEN) - (tokens[index] in CLOSE)
        if not depth:
            return index + 1
    return len(tokens)


def split(tokens):
    """Yields what commas separate, outside of brackets."""
    start = at = 0
    while at < len(tokens):
        if tokens[at] == ",":
            yield tokens[start:at]
            start = at + 1
        at = group_end(tokens, at) if tokens[at] in OPEN else at + 1
    if tokens[start:]:
        yield tokens[start:]


def cfg_holds(tokens):
    """Evaluates a `cfg` predicate without tests; `None` if it depends on something else."""
    if tokens[1:2] != ["("]:
        return False if tokens == ["test"] else None
    operands = [cfg_holds(operand) for operand in split(tokens[2:-1])]
    if tokens[0] == "not":
        return None if operands == [None] else not operands[0]
    decisive = tokens[0] == "any"
    if decisive in operands:
        return decisive
    return None if None in operands else not decisive


def ends_in_semicolon(tokens):
    """Returns whether an item or a statement goes on after a group in braces."""
    for token, after in itertools.pairwise(tokens):
        if token in ("use", "let", "static") or (token == "const" and after not in ("fn", "unsafe", "async")):
            return True
        if token in DEFINING - {"const"} | {"mod", "impl"} or token in OPEN and token != "(" or token == ";":
            return False
    return False


def without_tests(tokens):
    """Removes the items, statements and fields that exist in tests only."""
    kept, at = [], 0
    while at < len(tokens):
        start, only_in_tests = at, False
        while tokens[at : at + 2] == ["#", "["]:
            end = group_end(tokens, at + 1)
            if tokens[at + 2 : at + 4] == ["cfg", "("] and cfg_holds(tokens[at + 4 : end - 2]) is False:
                only_in_tests = True
            at = end
        if not only_in_tests:
            kept += tokens[start : at + 1]
            at += 1
            continue
        to_semicolon = ends_in_semicolon(tokens[at:])
        while at < len(tokens) and tokens[at] not in CLOSE:
            last = tokens[at] in (";", ",") or (tokens[at] == "{" and not to_semicolon)
            at = group_end(tokens, at) if tokens[at] in OPEN else at + 1
            if last:
                break
    return kept


def is_test(file):
    return "tests" in Path(file).with_suffix("").parts


# ---- Modules and imports ----

Item = collections.namedtuple("Item", "file line kind")
Import = collections.namedtuple("Import", "path line alias")  # the alias of a glob is `*`


class Module:
    def __init__(self, path, file):
        self.path, self.file, self.line = path, file, 1
        self.children, self.items = collections.defaultdict(list), collections.defaultdict(list)
        self.uses, self.local_uses = collections.defaultdict(list), collections.defaultdict(list)
        self.globs = []
        self.imports = []


def use_tree(tokens, prefix=()):
    """Yields the imports of one `use` declaration."""
    brace = tokens.index("{") if "{" in tokens else len(tokens)
    names = [token for token in tokens[:brace] if token.is_name or token == "*"]
    path = (*prefix, *names)
    if tokens[:1] == ["::"] or not path:
        return  # a path that begins with the name of a crate
    for leaf in split(tokens[brace + 1 : -1]):
        yield from use_tree(leaf, path)
    if brace == len(tokens):
        line, alias = path[-1].line, None
        if "as" in names:
            *path, _, alias = path
        if len(path) > 1 and path[-1] in ("self", "*"):
            *path, last = path
            alias = "*" if last == "*" else alias
        yield Import(tuple(path), line, alias or path[-1])


class Crate:
    def __init__(self, src):
        self.src, self.modules = src, []
        self.files = sorted(path.relative_to(src).as_posix() for path in src.rglob("*.rs"))
        self.lines, self.tokens = {}, {}
        self.root = self.load((), "lib.rs")
        for file in self.files:
            if file not in self.lines and not is_test(file):
                raise Failure(f"src/{file}: no `mod` declaration outside tests leads to this file")

    def load(self, path, file):
        source = (self.src / file).read_text()
        self.lines[file], self.tokens[file] = source.splitlines(), without_tests(tokenize(source))
        return self.add(Module(path, file), self.tokens[file])

    def add(self, module, tokens):
        self.modules.append(module)
        self.read(module, tokens)
        return module

    def declared(self, module, name, attributes):
        """Returns the module that `mod name;` declares: several if `path` attributes choose between files."""
        folder = Path(*module.path, name)
        files = [folder.with_suffix(".rs"), folder / "mod.rs"]
        for attribute in attributes:
            for index in range(len(attribute) - 2):
                if attribute[index : index + 2] == ["path", "="]:
                    other = Path(module.file).parent / attribute[index + 2].strip('"')
                    files = [other, *files] if attribute[0] == "cfg_attr" else [other]
        found = [file.as_posix() for file in files if (self.src / file).is_file()]
        if not found:
            raise Failure(f"src/{module.file}: there is no file for `mod {name};`")
        return [self.load((*module.path, name), file) for file in found]

    def read(self, module, tokens, items=True):
        """Records what `tokens` define and import; `items` if they are outside of bodies and expressions."""
        at, attributes = 0, []
        while at < len(tokens):
            token, after, then = (*tokens[at : at + 3], *[Token("", 0)] * 2)[:3]
            if token == "use" and after != "<":
                end = tokens.index(";", at)
                for one in use_tree(tokens[at + 1 : end]):
                    module.imports.append(one)
                    if one.alias == "*":
                        module.globs.append(one.path)
                    else:
                        (module.uses if items else module.local_uses)[one.alias].append(one.path)
                at = end + 1
            elif items and token == "mod" and then == ";":
                module.children[after] += self.declared(module, after, attributes)
                at += 3
            elif items and token == "mod" and then == "{":
                end = group_end(tokens, at + 2)
                inner = Module((*module.path, after), module.file)
                module.children[after].append(self.add(inner, tokens[at + 3 : end - 1]))
                at = end
            elif items and token in DEFINING and after.is_name and after not in DEFINING:
                module.items[after].append(Item(module.file, after.line, token))
                at += 2
            elif token == "pub" and after == "(":
                at = group_end(tokens, at + 1)
            elif token == "#" and after == "[":
                end = group_end(tokens, at + 1)
                attributes.append(tokens[at + 2 : end - 1])
                self.read(module, attributes[-1], items=False)
                at = end
                continue
            elif token in OPEN:
                end = group_end(tokens, at)
                wrapped = items and tokens[max(at - 1, 0)] == "!"  # items in the braces of a macro
                self.read(module, tokens[at + 1 : end - 1], wrapped)
                at = end
            elif token.is_name and tokens[max(at - 1, 0)] != "::":
                path = [token]
                while tokens[at + 1 : at + 2] == ["::"] and at + 2 < len(tokens) and tokens[at + 2].is_name:
                    path.append(tokens[at + 2])
                    at += 2
                if len(path) > 1:
                    module.imports.append(Import(tuple(path), token.line, None))
                at += 1
            else:
                at += 1
            if token not in ("pub", "("):
                attributes = []

    def lookup(self, module, name, seen=frozenset(), local=False):
        """Returns what `name` is in `module`: several items if features choose between them."""
        if (module.path, name) in seen:
            return []
        seen |= {(module.path, name)}
        found = module.items.get(name, []) + module.children.get(name, [])
        for path in module.uses.get(name, []) + (module.local_uses.get(name, []) if local else []):
            found += self.resolve(module, path, seen)
        for path in module.globs if not found else ():
            for target in self.resolve(module, path, seen):
                if isinstance(target, Module):
                    found += self.lookup(target, name, seen)
        return found

    def resolve(self, module, path, seen=frozenset(), local=False):
        """Returns the items and modules that a path leads to; none for a path into another crate."""
        first, *names = path
        if first == "crate":
            found = [self.root]
        elif first in ("self", "super"):
            up = int(first == "super")
            while names[:1] == ["super"]:
                up, names = up + 1, names[1:]
            scope = module.path[: len(module.path) - up]
            found = [one for one in self.modules if one.path == scope] if up else [module]
        else:
            found = self.lookup(module, first, seen, local)
        for name in names:
            modules = [target for target in found if isinstance(target, Module)]
            if not modules:
                break  # the rest names a variant or an associated item
            below = [target for inner in modules for target in self.lookup(inner, name, seen)]
            found = below or [target for target in found if isinstance(target, Item)]
        # If a function has the name of a private module, the function is meant.
        return [target for target in found if isinstance(target, Item)] or found

    def imports(self):
        """Returns the lines of each import and of what it imports, `{(file, file): (line, line)}`."""
        lines = {}
        for module in self.modules:
            for path, line, alias in module.imports:
                targets = self.resolve(module, path, local=True)
                if not targets and path[0] in ("crate", "self", "super"):
                    raise Failure(f"src/{module.file}:{line}: `{'::'.join(path)}` can't be resolved")
                if alias == "*":
                    # Of what a glob brings, that whose name is in the file.
                    names = {token for token in self.tokens[module.file] if token.is_name}
                    modules = [target for target in targets if isinstance(target, Module)]
                    targets += [item for inner in modules for name in names for item in self.lookup(inner, name)]
                for target in targets:
                    pair = module.file, target.file
                    if target.file != module.file:
                        lines[pair] = min(lines.get(pair, (line, target.line)), (line, target.line))
        return lines

    def text(self, file, line):
        return f"src/{file}:{line}: {self.lines[file][line - 1].strip()}"


# ---- The checks ----


def has_builder(crate, user, used):
    """Returns whether `user` defines a `Foo` with `builder()`, and `used` its `FooBuilder` with `build()`."""

    def defined(file, kind):
        return {name for word, name in itertools.pairwise(crate.tokens[file]) if word == kind}

    return (
        "builder" in defined(user, "fn")
        and "build" in defined(used, "fn")
        and any(f"{name}Builder" in defined(used, "struct") for name in defined(user, "struct"))
    )


def cycles(edges):
    """Returns the shortest cycles, each as its nodes in order; no two have a node in common."""
    after = collections.defaultdict(list)
    for a, b in sorted(edges):
        after[a].append(b)
    found = []
    for start in after:
        paths = [[start]]
        seen = set()
        for path in paths:  # breadth first; the list grows meanwhile
            if path[-1] == start and len(path) > 1:
                found.append(path[:-1])
                break
            new = [node for node in after.get(path[-1], ()) if node not in seen]
            seen.update(new)
            paths += [[*path, node] for node in new]
    disjoint = []
    for cycle in sorted(found, key=len):
        if not any(set(cycle) & set(other) for other in disjoint):
            disjoint.append(cycle)
    return disjoint


def entries(a, b):
    """Returns the two entries of one directory that an import leads between; none if one is its `mod.rs`."""
    a, b = a.split("/"), b.split("/")
    shared = next(index for index, (one, other) in enumerate(zip(a, b, strict=False)) if one != other)
    pair = a[: shared + 1], b[: shared + 1]
    return None if any(entry[-1] == "mod.rs" for entry in pair) else tuple("/".join(entry) for entry in pair)


def import_cycles(crate, imports):
    """Yields the imports that make a cycle of files or, if there is none, of entries of one directory."""
    pairs = {pair: pair for pair in imports if not (pair[::-1] in imports and has_builder(crate, *pair))}
    between = {}
    for pair in sorted(pairs):
        if entry := entries(*pair):
            between.setdefault(entry, pair)
    edges, found = pairs, cycles(pairs)
    if not found:
        edges, found = between, cycles(between)
    for cycle in found:
        yield cycle, [edges[edge] for edge in zip(cycle, cycle[1:] + cycle[:1], strict=True)]


def wrong_answers(crate, document):
    """Yields the files and names in the table of questions that are not there."""
    for number, cells in rows_of(document, QUESTIONS):
        file = None
        for name in quoted(cells[-1]):
            if name.endswith(".rs"):
                file = name
                if file not in crate.tokens:
                    yield f"ARCHITECTURE.md:{number}: `{file}` is no file of src/"
            elif file in crate.tokens and name.split("::")[-1] not in crate.tokens[file]:
                yield f"ARCHITECTURE.md:{number}: `{name}` is not in src/{file}"


def check(root, out=sys.stdout):
    """Prints what is wrong, and returns the number of problems."""
    src = root / "src"
    crate = Crate(src)
    document = (root / "ARCHITECTURE.md").read_text()
    table = Table(document, src)
    module_of, problems = table.assign(crate.files)
    imports = crate.imports()
    in_order = {}
    for (user, used), (line, definition) in sorted(imports.items()):
        if not {user, used} <= module_of.keys() or module_of[used] <= module_of[user]:
            in_order[user, used] = line
            continue
        names = table.modules[module_of[user]], table.modules[module_of[used]]
        problems.append(
            f"`{names[0]}` imports `{names[1]}`, which ARCHITECTURE.md lists below it:\n"
            f"    {crate.text(user, line)}\n    {crate.text(used, definition)}"
        )
    for names, pairs in import_cycles(crate, in_order):
        lines = [f"\n    {crate.text(pair[0], in_order[pair])}" for pair in pairs]
        problems.append(f"import cycle: {', '.join(names)}" + "".join(lines))
    problems += wrong_answers(crate, document)
    for problem in problems:
        print(problem, file=out)
    if not problems:
        print(
            f"{len(imports)} imports between {len(crate.files)} files keep the order of {len(table.modules)} modules",
            file=out,
        )
    return len(problems)


# ---- Tests of this script ----

# A case adds its files to those of `BASE`, or of `ROOM` if its name begins with "room"; an empty file is left out.
# `table:` gives the rows of ARCHITECTURE.md and `where:` an answer. `=>` is expected in the output, which then has
# one problem, or else none.
BASE = """
lib.rs
    mod early;
    mod late;
    pub use self::late::Late;
early.rs
    pub struct Early;
late.rs
    pub struct Late;
    pub fn now() {}
table: early=early.rs late=late.rs lib=lib.rs
"""

ROOM = """
lib.rs
    mod room;
room/mod.rs
    mod builder;
    mod foo;
    pub use self::foo::Foo;
room/foo.rs
    use super::builder::FooBuilder;
    pub struct Foo;
    impl Foo { pub fn builder() -> FooBuilder { FooBuilder } }
room/builder.rs
    use super::Foo;
    pub struct FooBuilder;
    impl FooBuilder { pub fn build(self) -> Foo { Foo } }
table: room=* lib=lib.rs
"""

CASES = r"""
## an import of a module above
late.rs
    pub struct Late(crate::early::Early);

## a direct import
early.rs
    use crate::late::Late;
=> `early` imports `late`, which ARCHITECTURE.md lists below it:
=>     src/early.rs:1: use crate::late::Late;
=>     src/late.rs:1: pub struct Late;

## through lib.rs
early.rs
    use crate::Late;
=>     src/early.rs:1: use crate::Late;
=>     src/late.rs:1: pub struct Late;

## through two re-exports, of which one renames
lib.rs
    mod early;
    mod late;
    pub use self::late::Renamed;
late.rs
late/mod.rs
    mod file;
    pub use self::file::Late as Renamed;
late/file.rs
    //! The file that defines it.
    pub(crate) enum Late {}
early.rs
    use super::Renamed as _;
table: early=early.rs late=* lib=lib.rs
=>     src/early.rs:1: use super::Renamed as _;
=>     src/late/file.rs:2: pub(crate) enum Late {}

## one leaf of a tree
early.rs
    use std::{fmt, io::{self, Read}};
    use crate::{
        early as this,
        Late,
    };
=>     src/early.rs:4: Late,
=>     src/late.rs:1: pub struct Late;

## a glob
early.rs
    use crate::late::*;
    fn f(_: Late) {}
=>     src/early.rs:1: use crate::late::*;
=>     src/late.rs:1: pub struct Late;

## a glob re-export
lib.rs
    mod early;
    mod late;
    pub use self::late::*;
early.rs
    use crate::Late;
=>     src/early.rs:1: use crate::Late;
=>     src/late.rs:1: pub struct Late;

## the variants of an enum, inside a function
early.rs
    fn f() {
        use crate::Late::{A, B};
    }
=>     src/early.rs:2: use crate::Late::{A, B};

## an inline path
early.rs
    fn f() { crate::late::now() }
=>     src/early.rs:1: fn f() { crate::late::now() }
=>     src/late.rs:2: pub fn now() {}

## an inline path from super
early.rs
    fn f() -> super::late::Late { loop {} }
=>     src/early.rs:1: fn f() -> super::late::Late { loop {} }

## an associated function
early.rs
    fn f() { crate::Late::builder().build() }
=>     src/late.rs:1: pub struct Late;

## a module under another name
early.rs
    use crate::late as soon;
    fn f() { soon::now() }
=>     src/early.rs:1: use crate::late as soon;

## a derive
early.rs
    #[derive(crate::Late)]
    struct A;
=>     src/early.rs:1: #[derive(crate::Late)]

## inside a macro, and an item that a macro wraps
early.rs
    pin! {
        struct A { late: crate::Late }
    }
late.rs
    pin! {
        pub struct Late;
    }
=>     src/early.rs:2: struct A { late: crate::Late }
=>     src/late.rs:2: pub struct Late;

## one of two items by feature
lib.rs
    mod a;
    mod early;
    mod late;
    #[cfg(feature = "a")]
    use a as backend;
    #[cfg(not(feature = "a"))]
    use late as backend;
a.rs
    pub fn now() {}
early.rs
    use crate::backend::now;
table: a=a.rs early=early.rs late=late.rs lib=lib.rs
=>     src/early.rs:1: use crate::backend::now;
=>     src/late.rs:2: pub fn now() {}

## a module whose file depends on a feature
lib.rs
    mod early;
    mod late;
    #[cfg_attr(not(feature = "a"), path = "off.rs")]
    mod on;
on.rs
    pub fn f() {}
off.rs
    use crate::late::now;
table: on=on.rs on=off.rs early=early.rs late=late.rs lib=lib.rs
=>     src/off.rs:1: use crate::late::now;
=>     src/late.rs:2: pub fn now() {}

## a cfg that tests and other builds fulfil
early.rs
    #[cfg(any(test, feature = "a"))]
    use crate::Late;
=>     src/early.rs:2: use crate::Late;

## what is no import
early.rs
    // use crate::Late; /* use crate::Late;
    /* use crate::Late; /* nested */ use crate::Late; */
    const A: &str = "use crate::Late; \" crate::Late";
    const B: &[u8] = br#"crate::Late " "#;
    fn f<'a>(_: &'a str) -> (char, char, u8) { ('"', '\'', b'"') }
    fn g() -> impl Fn() + use<'static> { #[cfg(test)] crate::late::now(); || () }
    pub(in crate::early) struct C;
    struct D { #[cfg(test)] late: crate::Late, other: u8 }
    #[cfg(all(test, feature = "a"))]
    #[derive(Debug)]
    struct E { late: crate::Late }
    #[cfg(test)]
    use crate::{late::now, Late};
    #[cfg(test)]
    mod tests { use crate::Late; }

## after what exists in tests only
early.rs
    #[cfg(test)]
    mod tests { use super::*; }
    #[cfg(test)]
    const fn f() { loop {} }
    #[cfg(test)]
    impl<const N: usize> A<N> { const B: u8 = 1; }
    #[cfg(test)]
    pub(crate) const C: D = D { e: 1 };
    use crate::Late;
=>     src/early.rs:9: use crate::Late;

## a crate with the name of a module
lib.rs
    mod early;
    mod http;
    mod late;
http.rs
    pub struct A;
early.rs
    use http::A;
table: early=early.rs late=late.rs http=http.rs lib=lib.rs

## a test file
early.rs
early/mod.rs
    #[cfg(test)]
    mod tests;
early/tests.rs
    use crate::Late;
table: early=* late=late.rs lib=lib.rs

## room with a type and its builder

## room with a type and what is no builder
room/foo.rs
    use super::builder::FooBuilder;
    pub struct Foo;
    impl Foo { pub fn begin() -> FooBuilder { FooBuilder } }
=> import cycle: room/builder.rs, room/foo.rs
=>     src/room/builder.rs:1: use super::Foo;
=>     src/room/foo.rs:1: use super::builder::FooBuilder;

## room with a cycle beside the builder
room/mod.rs
    mod builder;
    mod foo;
    mod third;
    pub use self::foo::Foo;
room/foo.rs
    use super::builder::FooBuilder;
    pub struct Foo(super::third::Third);
    impl Foo { pub fn builder() -> FooBuilder { FooBuilder } }
room/third.rs
    pub struct Third(Box<super::Foo>);
=> import cycle: room/foo.rs, room/third.rs

## a cycle of directories
lib.rs
    mod early;
    mod late;
early.rs
early/mod.rs
    mod one;
    mod two;
early/one.rs
    use crate::late::one::B;
early/two.rs
    pub struct A;
late.rs
late/mod.rs
    mod one;
    mod two;
late/one.rs
    pub struct B;
late/two.rs
    use crate::early::two::A;
table: both=early/* both=late/* lib=lib.rs
=> import cycle: early, late
=>     src/early/one.rs:1: use crate::late::one::B;
=>     src/late/two.rs:1: use crate::early::two::A;

## a file without a row
lib.rs
    mod early;
    mod late;
    mod other;
other.rs
    use crate::late::Late;
=> src/other.rs: no row of ARCHITECTURE.md covers this file

## a test file without a row
tests.rs
    fn f() {}
=> src/tests.rs: no row of ARCHITECTURE.md covers this file

## a row without a file
table: early=early.rs late=late.rs lib=lib.rs lib=gone.rs
=> ARCHITECTURE.md:6: `gone.rs` covers no file of src/

## a file with two rows
table: early=early.rs late=late.rs lib=lib.rs lib=lib.rs
=> src/lib.rs: covered twice in ARCHITECTURE.md, in the lines 5, 6

## room with a name beside a pattern
table: room=foo.rs room=* lib=lib.rs

## a module twice
table: early=early.rs late=late.rs early=lib.rs
=> failure: ARCHITECTURE.md:5: `early` is in the table twice

## a file without a declaration
more.rs
    fn f() {}
=> failure: src/more.rs: no `mod` declaration outside tests leads to this file

## a path to nothing
early.rs
    use crate::Gone;
=> failure: src/early.rs:1: `crate::Gone` can't be resolved

## an answer
where: `late.rs` `Late`, `Late::now`

## an answer that moved
where: `gone.rs` `now`
=> ARCHITECTURE.md:9: `gone.rs` is no file of src/

## a name that moved
where: `late.rs` `Late::then`
=> ARCHITECTURE.md:9: `Late::then` is not in src/late.rs
"""


def parse_case(text):
    """Reads files and their indented lines, options, and what is expected."""
    files, options, expected, file = {}, {}, [], None
    for line in filter(None, text.splitlines()):
        if line.startswith("=> "):
            expected.append(line[3:])
        elif line.startswith("    "):
            files[file] += line[4:] + "\n"
        elif ": " in line:
            name, _, value = line.partition(": ")
            options[name] = value
        else:
            file = line
            files[file] = ""
    return files, options, expected


def output_of(files, options):
    rows, last = "", None
    for module, file in (row.split("=") for row in options["table"].split()):
        rows += f"| {'' if module == last else f'`{module}`'} | `{file}` | text |\n"
        last = module
    document = f"| {' | '.join(COLUMNS)} |\n|---|---|---|\n{rows}"
    if "where" in options:
        document += f"\n| {' | '.join(QUESTIONS)} |\n|---|---|---|\n| When? | Late. | {options['where']} |\n"
    out = io.StringIO()
    with tempfile.TemporaryDirectory() as root:
        root = Path(root)
        (root / "ARCHITECTURE.md").write_text(document)
        for file, text in files.items():
            if text:
                path = root / "src" / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        try:
            return check(root, out), out.getvalue()
        except Failure as failure:
            return 1, f"failure: {failure}"


def self_test():
    cases = CASES.split("## ")[1:]
    for case in cases:
        name, _, text = case.partition("\n")
        base_files, base_options, _ = parse_case(ROOM if name.startswith("room") else BASE)
        files, options, expected = parse_case(text)
        problems, output = output_of(base_files | files, base_options | options)
        if problems != bool(expected) or "\n".join(expected) not in output:
            sys.exit(f"self-test `{name}`: {problems} problems:\n{output}")
    print(f"{len(cases)} self-tests passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--self-test", action="store_true", help="check this script instead")
    try:
        if parser.parse_args().self_test:
            self_test()
        elif check(Path(__file__).resolve().parent.parent):
            sys.exit(1)
    except Failure as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
