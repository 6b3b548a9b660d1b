#!/usr/bin/env python3
"""Holds the code to the house rules that no compiler and no linter knows.

Who may include and link whom, which forms of coroutine are banned, how long a file, a function and
a line may be, what a header opens with. The rules stand as data right below; what follows is how
they are looked for. It reads text, not C++: where a check could be fooled it errs on the side of
silence, and tidy_test.py pins down what fires and what does not.

usage: tidy.py [ROOT]      prints `file:line: rule: message`; exit status 1 if there is any
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

# --- The rules as data --------------------------------------------------------------------------
# In a pattern of paths '*' also matches '/'.


@dataclass(frozen=True)
class Only:
    """What may be included in these files and nowhere else."""

    include: str
    files: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Never:
    """What these files may not include."""

    files: tuple[str, ...]
    include: str
    why: str


ONLY = (
    Only(
        r"^(librdkafka/)?rdkafka",
        ("libs/kafka/*", "deploy/devbroker/*"),
        "librdkafka is libs/kafka's private matter",
    ),
    Only(
        r"^grpc(pp)?/|\.grpc\.pb\.h$",
        ("libs/rpc/*", "*_grpc.h", "*_grpc.cc", "*_grpc_test.cc", "services/*/service_test.cc"),
        "gRPC belongs into libs/rpc and the adapters named *_grpc",
    ),
    Only(
        r"^boost/beast",
        (
            "services/gateway/*websocket*",
            "services/gateway/*http*",
            "services/gateway/*listener*",
            "services/marketplace/checkout*",
            "libs/runtime/admin*",
            "bench/load/*connection*",
            "bench/load/generator_test.cc",
        ),
        "Beast belongs into the files that own a connection",
    ),
)

PURE_LIBRARIES = (
    "intent",
    "identity",
    "crossing",
    "history",
    "separation",
    "ledger",
    "goods",
    "catalog",
    "offers",
    "controls",
    "toml",
    "policy",
    "registry",
    "reconcile",
    "evidence",
    "beli_lokal",
)
_PURE_FILES = tuple(f"libs/{name}/*" for name in PURE_LIBRARIES)

NEVER = (
    Never(("libs/base/*",), r"^libs/(?!base/)", "libs/base stands below every other library"),
    Never(("libs/kafka/*",), r"^libs/(rpc|intent)/", "libs/kafka knows neither rpc nor intent"),
    Never(("libs/rpc/*",), r"^libs/(kafka|intent)/", "libs/rpc knows neither kafka nor intent"),
    Never(("libs/*",), r"^(services|bench|deploy|tests)/", "a library includes only libraries"),
    Never(
        _PURE_FILES,
        r"^boost/(asio|beast)|^(librdkafka/)?rdkafka|^grpc(pp)?/|^sqlite3|^sys/socket\.h$|^fstream$"
        r"|^libs/(runtime|kafka|rpc|sqlite)/",
        "this library is pure: no input, no output",
    ),
    Never(
        ("services/marketplace/*",),
        r"^libs/(intent|kafka|crossing)/|^jembatan/(intake|crossing)/",
        "the commerce side does not know the social side",
    ),
    Never(("*.h",), r"^CLI/|^toml\+\+/|^toml\.hpp$", "too heavy for a header; include it in a .cc"),
)

SERVICES_APART = "services know each other by contract only"

# The contracts of two zones meet in the files named and nowhere else below services/.
ZONE_CROSSINGS = {
    ("intake", "crossing"): ("services/gateway/crossing", "services/gateway/testing/*"),
    ("crossing", "orders"): ("services/bridge/border",),
    ("intake", "orders"): (),
}

# Quoted includes start at the repository's root, or name a library that is quoted by custom.
QUOTED_INCLUDE = re.compile(
    r"^(libs|services|bench|deploy|tests)/.+\.h$|^jembatan/.+\.pb\.h$|^(absl|gmock|google|gtest)/"
)
OUR_INCLUDE = re.compile(r"^(libs|services|bench|deploy|tests|jembatan)/")


@dataclass(frozen=True)
class NeverLinks:
    """What the targets defined in these folders may not reach, over however many steps."""

    folders: tuple[str, ...]
    targets: str
    why: str


NEVER_LINKS = (
    NeverLinks(
        ("libs/base",), r"^jembatan::(?!base$)", "libs/base stands below every other library"
    ),
    NeverLinks(
        ("libs/kafka",), r"^jembatan::(rpc|intent)$|^gRPC::", "kafka knows neither rpc nor intent"
    ),
    NeverLinks(
        ("libs/rpc",),
        r"^jembatan::(kafka|rdkafka|intent)$|^PkgConfig::rdkafka$",
        "rpc knows neither kafka nor intent",
    ),
    NeverLinks(
        tuple(f"libs/{name}" for name in PURE_LIBRARIES),
        r"^jembatan::(runtime|kafka|rdkafka|rpc|sqlite)$|_grpc$|^gRPC::|^SQLite",
        "this library is pure: no input, no output",
    ),
    NeverLinks(
        ("services/marketplace",),
        r"^jembatan::(intent|kafka|rdkafka|crossing|proto_intake|proto_crossing)(_grpc)?$",
        "the commerce side does not know the social side",
    ),
)

LINES_IN_FILE = 800
LINES_IN_TEST = 1200
LINES_IN_FUNCTION = 70
# A table of cases reads best in one piece.
LINES_IN_TEST_FUNCTION = 110
COLUMNS = 100

# --- Files --------------------------------------------------------------------------------------


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


class Source:
    """One file, and what the rules ask about it."""

    def __init__(self, path: str, text: str):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.is_header = path.endswith(".h")
        self.is_cpp = path.endswith((".h", ".cc"))
        self.is_cmake = path.endswith((".cmake", "CMakeLists.txt"))
        self.is_code = (
            self.is_cpp
            or self.is_cmake
            or path.endswith((".proto", ".py", ".sh", ".ts"))
            or text.startswith("#!")
        )
        self.is_test = path.startswith("tests/") or re.search(r"[._]test\.\w+$", path) is not None
        self.tokens, self.includes = scan(text) if self.is_cpp else ([], [])

    def finding(self, line: int, rule: str, message: str) -> Finding:
        return Finding(self.path, line, rule, message)


# --- C++ as tokens, brackets and statements -----------------------------------------------------


class Token(NamedTuple):
    text: str
    line: int


class Include(NamedTuple):
    name: str
    quoted: bool
    line: int


_TOKEN = re.compile(
    r"""
      (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<directive> ^[ \t]*\# (?: \\. | [^\n\\] )* )
    | (?P<literal> (?:u8|[uUL])? R"(?P<mark>[^()\\\s]{0,16})\( .*? \)(?P=mark)"
                 | "(?: \\. | [^"\\\n] )*"
                 | (?<![0-9a-fA-F]) '(?: \\. | [^'\\\n] )*' )
    | (?P<number> \.?\d (?: [eEpP][+-] | '[0-9a-fA-F] | [\w.] )* )
    | (?P<word> [A-Za-z_]\w* )
    | (?P<sign> -> | :: | && | [^\s\w] )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def scan(text: str) -> tuple[list[Token], list[Include]]:
    """Splits C++ into tokens without comments and directives, and lists the includes."""
    tokens: list[Token] = []
    includes: list[Include] = []
    line, seen = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", seen, match.start())
        seen = match.start()
        if match.lastgroup == "directive":
            if include := _INCLUDE.match(match[0]):
                includes.append(Include(include[2], include[1] == '"', line))
        elif match["literal"] is not None:
            tokens.append(Token('""', line))
        elif match.lastgroup != "comment":
            tokens.append(Token(match[0], line))
    return tokens, includes


@dataclass
class Group:
    """What stands between a pair of brackets; role tells what a pair of braces is."""

    bracket: str
    line: int
    items: list[Item] = field(default_factory=list)
    end_line: int = 0


@dataclass
class Lambda:
    line: int
    captures: bool
    body: Group


Item = Token | Group | Lambda

_CLOSES = {")": "(", "]": "[", "}": "{"}
_KEYWORDS_BEFORE_EXPRESSION = {"return", "co_return", "co_await", "co_yield", "case", "else", "do"}
_LABELS = {"case", "default", "public", "private", "protected"}
_CONTROL = {"if", "for", "while", "switch", "catch"}
_AFTER_PARAMETERS = {"const", "noexcept", "override", "final", "mutable", "&", "&&"}
_OPENS_SCOPE = {"namespace", "struct", "class", "union", "enum", "extern", "requires"}


def text_of(item: Item | None) -> str:
    """The token's text, or the bracket a group opens with."""
    if isinstance(item, Token):
        return item.text
    return item.bracket if isinstance(item, Group) else ""


def parse(tokens: list[Token]) -> Group:
    """Nests tokens by brackets. A bracket without its fellow is dropped, not an error."""
    root = Group("{", 1)
    stack = [root]
    for token in tokens:
        if token.text in ("(", "[", "{"):
            group = Group(token.text, token.line)
            stack[-1].items.append(group)
            stack.append(group)
        elif token.text in _CLOSES:
            if len(stack) > 1 and stack[-1].bracket == _CLOSES[token.text]:
                group = stack.pop()
                group.end_line = token.line
                group.items = fold(group.items)
        else:
            stack[-1].items.append(token)
    while len(stack) > 1:
        group = stack.pop()
        group.end_line = tokens[-1].line
        group.items = fold(group.items)
    root.items = fold(root.items)
    return root


def fold(items: list[Item]) -> list[Item]:
    """Makes one item of each lambda and drops attributes."""
    folded: list[Item] = []
    position = 0
    while position < len(items):
        item = items[position]
        if text_of(item) == "[" and isinstance(item, Group):
            if len(item.items) == 1 and text_of(item.items[0]) == "[":
                position += 1
                continue
            end = lambda_end(folded, items, position)
            body = items[end] if end is not None else None
            if end is not None and isinstance(body, Group):
                folded.append(Lambda(item.line, bool(item.items), body))
                position = end + 1
                continue
        folded.append(item)
        position += 1
    return folded


def lambda_end(before: list[Item], items: list[Item], position: int) -> int | None:
    """Where the body stands of the lambda that the '[' at position opens, if it opens one."""
    previous = before[-1] if before else None
    word = text_of(previous)
    if isinstance(previous, Lambda) or word in ("(", "[", '""'):
        return None
    if re.match(r"\w", word) and word not in _KEYWORDS_BEFORE_EXPRESSION:
        return None
    if word in ("&", "&&") and len(before) > 1 and text_of(before[-2]) == "auto":
        return None
    for index in range(position + 1, len(items)):
        text = text_of(items[index])
        if text == "{":
            return index
        if not re.match(r"[\w(<>,:&*.]|->", text):
            return None
    return None


@dataclass
class Statement:
    items: list[Item]
    # The braces that follow it and hold statements themselves: of a function, a loop, a class.
    block: Group | None = None
    is_function: bool = False

    @property
    def line(self) -> int:
        return self.items[0].line if self.items else 0


def statements(items: list[Item]) -> Iterator[Statement]:
    """Splits the inside of a block."""
    current: list[Item] = []
    for item in items:
        text = text_of(item)
        if text == "{" and isinstance(item, Group) and opens_block(current):
            yield Statement(current, item, ends_as_function(current))
            current = []
            continue
        if text == ";":
            yield Statement(current)
            current = []
            continue
        if text == ":" and current and text_of(current[0]) in _LABELS:
            current = []
            continue
        current.append(item)
        if text == "(" and is_control(current[:-1]):
            yield Statement(current)
            current = []
    if current:
        yield Statement(current)


def is_control(before: list[Item]) -> bool:
    words = [text_of(item) for item in before[-2:]]
    return bool(words) and (words[-1] in _CONTROL or words == ["if", "constexpr"])


def ends_as_function(items: list[Item]) -> bool:
    texts = [text_of(item) for item in items]
    while texts and texts[-1] in _AFTER_PARAMETERS:
        texts.pop()
    if not texts:
        return False
    if texts[-1] in ("(", "{"):
        return True
    return "->" in texts and texts[texts.index("->") - 1] in ("(", *_AFTER_PARAMETERS)


def opens_block(before: list[Item]) -> bool:
    """Whether a '{' after these items opens a block rather than an initialiser."""
    if not before or ends_as_function(before):
        return True
    texts = [text_of(item) for item in before]
    if texts[-1] in ("else", "do", "try"):
        return True
    return texts[-1] not in ("=", "return", "co_return") and not _OPENS_SCOPE.isdisjoint(texts)


def within(items: list[Item]) -> Iterator[Item]:
    """Every item of one full expression: into brackets, but not into the bodies of lambdas."""
    for item in items:
        yield item
        if isinstance(item, Group):
            yield from within(item.items)


def all_statements(block: Group) -> Iterator[Statement]:
    """Every statement below, those of nested blocks and of lambdas included."""
    for statement in statements(block.items):
        yield statement
        if statement.block is not None:
            yield from all_statements(statement.block)
        for item in within(statement.items):
            if isinstance(item, Lambda):
                yield from all_statements(item.body)


def is_coroutine(body: Group) -> bool:
    """Whether the body itself, not a lambda in it, awaits, returns or yields as a coroutine."""
    for item in within(body.items):
        if text_of(item) in ("co_await", "co_return", "co_yield"):
            return True
    return False


# --- Rules about includes -----------------------------------------------------------------------


def check_includes(source: Source) -> Iterator[Finding]:
    for include in source.includes:
        for only in ONLY:
            if re.search(only.include, include.name) and not matches(source.path, only.files):
                yield source.finding(include.line, "include", f"{include.name}: {only.why}")
        for never in NEVER:
            # A test of a pure library may read the file it checks the library against.
            reads_in_test = source.is_test and include.name == "fstream"
            if reads_in_test or not matches(source.path, never.files):
                continue
            if re.search(never.include, include.name):
                yield source.finding(include.line, "include", f"{include.name}: {never.why}")
        service = folder_below(source.path, "services")
        other = folder_below(include.name, "services")
        if service and other and service != other:
            yield source.finding(include.line, "include", f"{include.name}: {SERVICES_APART}")


def folder_below(path: str, top: str) -> str | None:
    parts = PurePosixPath(path).parts
    return parts[1] if len(parts) > 2 and parts[0] == top else None


def check_zones(source: Source) -> Iterator[Finding]:
    if not source.path.startswith("services/"):
        return
    lines: dict[str, int] = {}
    for include in source.includes:
        if zone := re.match(r"jembatan/(intake|crossing|orders)/", include.name):
            lines.setdefault(zone[1], include.line)
    stem = re.sub(r"(_test)?\.\w+$", "", source.path)
    for (one, other), allowed in ZONE_CROSSINGS.items():
        if one in lines and other in lines and not matches(stem, allowed):
            where = " and ".join(allowed) or "nowhere"
            yield source.finding(
                max(lines[one], lines[other]),
                "zones",
                f"types of {one} and of {other} in one file; they meet {where}",
            )


def check_include_style(source: Source) -> Iterator[Finding]:
    for include in source.includes:
        if include.quoted and not QUOTED_INCLUDE.match(include.name):
            yield source.finding(
                include.line,
                "include-style",
                f'"{include.name}": ours start at the root, other people\'s stand in <>',
            )
        if not include.quoted and OUR_INCLUDE.match(include.name):
            yield source.finding(
                include.line, "include-style", f"<{include.name}> is ours: put it into quotes"
            )


# --- Rules about coroutines ---------------------------------------------------------------------


def check_coroutines(source: Source) -> Iterator[Finding]:
    if not source.is_cpp:
        return
    for token in source.tokens:
        if token.text == "detached":
            yield source.finding(
                token.line, "detached", "its failure would go unseen; spawn with a handler"
            )
    # Most files hold no coroutine, and parsing is the slow part.
    if not any(token.text.startswith("co_") for token in source.tokens):
        return
    for statement in all_statements(parse(source.tokens)):
        yield from check_awaiting_statement(source, statement)


def check_awaiting_statement(source: Source, statement: Statement) -> Iterator[Finding]:
    items = list(within(statement.items))
    for item in items:
        if isinstance(item, Lambda) and item.captures and is_coroutine(item.body):
            yield source.finding(
                item.line,
                "coroutine-lambda",
                "the captures die before the coroutine does; make it a named function",
            )
    if not any(text_of(item) == "co_await" for item in items):
        return
    for item in items:
        form = None
        if isinstance(item, Lambda):
            form = "a lambda"
        elif text_of(item) == "{":
            form = "a braced temporary"
        elif text_of(item) == "?":
            form = "?:"
        if form is not None:
            yield source.finding(
                item.line,
                "co-await-with",
                f"{form} in one statement with co_await; give it a name first",
            )


# --- Rules about size and form ------------------------------------------------------------------


def check_functions(source: Source) -> Iterator[Finding]:
    # A file that could not hold a function too long need not be parsed.
    most = LINES_IN_TEST_FUNCTION if source.path.endswith("_test.cc") else LINES_IN_FUNCTION
    if not source.is_cpp or len(source.lines) <= most:
        return
    for statement in all_statements(parse(source.tokens)):
        if not statement.is_function or statement.block is None:
            continue
        length = statement.block.end_line - statement.line + 1
        if length > most:
            yield source.finding(
                statement.line, "function-length", f"{length} lines, more than {most}"
            )


def check_file_length(source: Source) -> Iterator[Finding]:
    limit = LINES_IN_TEST if source.is_test else LINES_IN_FILE
    length = len(source.lines)
    if source.is_code and length > limit:
        yield source.finding(limit + 1, "file-length", f"{length} lines, more than {limit}")


def check_lines(source: Source) -> Iterator[Finding]:
    for number, line in enumerate(source.lines, 1):
        if source.is_code and len(line) > COLUMNS and "://" not in line:
            yield source.finding(number, "line-length", f"{len(line)} columns, more than {COLUMNS}")
        if "\t" in line and not source.path.endswith((".go", "go.mod", "Makefile")):
            yield source.finding(number, "tab", "use spaces")


def check_final_newline(source: Source) -> Iterator[Finding]:
    if source.text and not source.text.endswith("\n"):
        yield source.finding(len(source.lines), "final-newline", "the last line does not end")


_REMINDER = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\([^)]+\): \S)")


def check_reminders(source: Source) -> Iterator[Finding]:
    # The rule's own files speak of the words they forbid.
    if not source.is_code or source.path.startswith("tests/tidy/"):
        return
    for number, line in enumerate(source.lines, 1):
        if word := _REMINDER.search(line):
            yield source.finding(number, "todo", f"write {word[1]}(why): what")


def check_header(source: Source) -> Iterator[Finding]:
    if not source.is_header:
        return
    for token, following in pairwise(source.tokens):
        if token.text == "using" and following.text == "namespace":
            yield source.finding(token.line, "using-namespace", "every includer would inherit it")
    if "#pragma once" not in source.lines:
        yield source.finding(1, "pragma-once", "a header says #pragma once")
    opening = [line for line in source.lines[:10] if line not in ("", "#pragma once")]
    if not opening or not opening[0].startswith("//"):
        yield source.finding(
            1,
            "header-comment",
            "open with a comment: what it is, who owns it, which thread, how it ends",
        )


# --- Rules about links --------------------------------------------------------------------------


@dataclass
class Target:
    path: str
    line: int
    name: str
    dependencies: list[str]

    @property
    def folder(self) -> str:
        return str(PurePosixPath(self.path).parent)


_CALL = re.compile(r"^[ \t]*(jembatan_\w+|target_link_libraries)\s*\(([^()]*)\)", re.MULTILINE)
_LISTS = {"SRCS", "DEPS", "TEST", "TEST_DEPS", "LABELS", "PROTOS"}
_LINK_WORDS = {"PUBLIC", "PRIVATE", "INTERFACE"}


def canonical(name: str) -> str:
    """jembatan_kafka and jembatan::kafka are one target."""
    return re.sub(r"^jembatan_", "jembatan::", name)


def arguments(words: list[str]) -> dict[str, list[str]]:
    """What follows each keyword of a call of the house's functions."""
    result: dict[str, list[str]] = {}
    key = ""
    for word in words:
        if word in _LISTS or word in ("NAME", "GRPC"):
            key = word
            result[key] = []
        else:
            result.setdefault(key, []).append(word)
    return result


def targets_in(source: Source) -> Iterator[Target]:
    """The targets that one CMake file defines or links."""
    text = re.sub(r"#[^\n]*", "", source.text)
    for call in _CALL.finditer(text):
        line = text.count("\n", 0, call.start(1)) + 1
        words = call[2].split()
        # A name with a variable in it stands inside a function, not at a call of it.
        if not words or "${" in words[0] + "".join(words[1:2]):
            continue
        if call[1] == "target_link_libraries":
            linked = [canonical(word) for word in words[1:] if word not in _LINK_WORDS]
            yield Target(source.path, line, canonical(words[0]), linked)
            continue
        given = arguments(words)
        name = given.get("NAME", [""])[0]
        needs = [canonical(word) for word in given.get("DEPS", [])]
        if call[1] == "jembatan_library":
            library = f"jembatan::{name}"
            yield Target(source.path, line, library, needs)
            if "TEST" in given:
                more = [canonical(word) for word in given.get("TEST_DEPS", [])]
                yield Target(source.path, line, f"{name}_test", [library, *more])
        elif call[1] == "jembatan_proto":
            yield Target(source.path, line, f"jembatan::{name}", needs)
            if "GRPC" in given:
                stubs = [f"jembatan::{name}", "gRPC::grpc++"]
                yield Target(source.path, line, f"jembatan::{name}_grpc", stubs)
        else:
            yield Target(source.path, line, name, needs)


def paths_from(start: str, edges: dict[str, list[str]]) -> dict[str, list[str]]:
    """The shortest way to each target that start reaches."""
    ways = {start: [start]}
    queue = [start]
    for node in queue:
        for following in edges.get(node, []):
            if following not in ways:
                ways[following] = [*ways[node], following]
                queue.append(following)
    del ways[start]
    return ways


def link_complaint(folder: str, reached: str, home: str | None) -> str | None:
    """Why a target of the folder may not reach another, whose own folder is home."""
    for never in NEVER_LINKS:
        if matches(folder, never.folders) and re.search(never.targets, reached):
            return never.why
    if home is None:
        return None
    if folder.startswith("libs/") and not home.startswith(("libs", "proto", "cmake")):
        return "a library links only libraries"
    service, other = (folder_below(f"{place}/x", "services") for place in (folder, home))
    if service and other and service != other:
        return SERVICES_APART
    return None


def check_links(sources: list[Source]) -> Iterator[Finding]:
    targets = [target for source in sources if source.is_cmake for target in targets_in(source)]
    edges: dict[str, list[str]] = {}
    homes: dict[str, str] = {}
    for target in targets:
        edges.setdefault(target.name, []).extend(target.dependencies)
        homes.setdefault(target.name, target.folder)
    seen = set()
    for target in targets:
        for reached, way in paths_from(target.name, edges).items():
            why = link_complaint(target.folder, reached, homes.get(reached))
            if why is not None and (target.name, reached) not in seen:
                seen.add((target.name, reached))
                yield Finding(target.path, target.line, "link", f"{' -> '.join(way)}: {why}")


# --- All together -------------------------------------------------------------------------------

PER_FILE: tuple[Callable[[Source], Iterator[Finding]], ...] = (
    check_includes,
    check_zones,
    check_include_style,
    check_coroutines,
    check_functions,
    check_file_length,
    check_lines,
    check_final_newline,
    check_reminders,
    check_header,
)

# Every name a finding can carry; tidy_test.py insists that each is shown to fire.
RULES = {
    "include",
    "zones",
    "include-style",
    "link",
    "detached",
    "coroutine-lambda",
    "co-await-with",
    "function-length",
    "file-length",
    "line-length",
    "tab",
    "final-newline",
    "todo",
    "using-namespace",
    "pragma-once",
    "header-comment",
}


def check(files: dict[str, str]) -> list[Finding]:
    """Checks a tree given as path -> text."""
    sources = [Source(path, text) for path, text in files.items()]
    findings = [finding for source in sources for rule in PER_FILE for finding in rule(source)]
    return sorted([*findings, *check_links(sources)])


def read_tree(root: Path) -> dict[str, str]:
    """Tracked and new files, without the ignored and the binary ones."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    files = {}
    for name in sorted(set(listing.stdout.decode().split("\0"))):
        path = root / name
        if not name or path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            files[name] = content.decode("utf-8", errors="replace")
    return files


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    findings = check(read_tree(root))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
