"""What the programs say of themselves by --help, read back: options and commands."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

SERVICES = (
    "jembatan-gateway",
    "jembatan-bridge",
    "jembatan-marketplace",
    "jembatan-auditor",
    "jembatan-devbroker",
    "jembatan-load",
    "jembatan-conformance",
)
COMMAND_LINE = "jembatan-ctl"


@dataclass
class Option:
    # "--brokers"; of several spellings the first; of a positional its name.
    name: str
    # "TEXT", "dev|production", "INTEGER (1 to 64)"; empty for a switch.
    value: str
    help: str
    default: str = ""
    environment: str = ""

    @property
    def choices(self) -> list[str]:
        return self.value.split("|") if "|" in self.value else []


@dataclass
class Program:
    # "jembatan-gateway", "jembatan-ctl topics create".
    name: str
    summary: str
    options: list[Option] = field(default_factory=list)
    positionals: list[Option] = field(default_factory=list)
    commands: list[Program] = field(default_factory=list)

    def all(self) -> list[Program]:
        return [self, *(below for command in self.commands for below in command.all())]


def help_of(binary: Path, words: list[str]) -> str:
    result = subprocess.run([binary, *words, "--help"], capture_output=True, text=True, check=True)
    return result.stdout


_SERVICE_OPTION = re.compile(
    r"^  (--\w+)(?:=(.+))?\n      (.+)\n(?:      (?:default (.+?), )?environment (\w+)\n)?",
    re.MULTILINE,
)


def read_service(binary: Path) -> Program:
    text = help_of(binary, [])
    first = text.splitlines()[0]
    program = Program(binary.name, first.removeprefix(f"{binary.name}: "))
    for name, value, told, default, environment in _SERVICE_OPTION.findall(text):
        program.options.append(Option(name, value, told, default, environment))
    return program


# The parser of jembatan-ctl writes the help behind an entry, from this column on; behind a longer
# entry on a line of its own.
_COLUMN = 30
_VALUE = re.compile(
    r"^(?P<names>\S+)(?: (?P<type>\w+)(?::(?P<check>.+?))?(?:=(?P<default>\S*))?)?"
    r"(?P<more>(?: \.\.\.| REQUIRED| (?:Needs|Excludes):(?: --\w+)+)*)$"
)


def rows_of(text: str, title: str) -> list[tuple[str, str]]:
    """A section's entries and what is said of them."""
    section = re.search(rf"^{title}:\n((?:  .*\n)+)", text, re.MULTILINE)
    if not section:
        return []
    lines = section[1].splitlines()
    rows: list[tuple[str, str]] = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith(" " * _COLUMN):
            rows[-1] = (rows[-1][0], line.strip())
        elif after.startswith(" " * _COLUMN):
            rows.append((line.strip(), ""))
        else:
            rows.append((line[:_COLUMN].strip(), line[_COLUMN:].strip()))
    return rows


def value_of(kind: str, check: str) -> str:
    if choices := re.search(r"\{(.+)\}", check):
        return choices[1].replace(",", "|")
    bounds = re.search(r"\[(.+) - (.+)\]", check)
    return f"{kind} ({bounds[1]} to {bounds[2]})" if bounds else kind


def option_of(entry: str, told: str) -> Option:
    match = _VALUE.match(entry)
    if not match:
        raise SystemExit(f"tools/reference/programs.py cannot read the option '{entry}'")
    names = match["names"].split(",")
    name = next((one for one in names if one.startswith("--")), names[0])
    value = value_of(match["type"] or "", match["check"] or "")
    if "REQUIRED" in match["more"]:
        told += " (required)"
    for word, others in re.findall(r"(Needs|Excludes):((?: --\w+)+)", match["more"]):
        told += f" ({'with' if word == 'Needs' else 'not with'}{others})"
    return Option(name, value, told, match["default"] or "")


def read_command(binary: Path, words: list[str]) -> Program:
    text = help_of(binary, words)
    program = Program(" ".join([binary.name, *words]), text.splitlines()[0])
    program.options = [option_of(*row) for row in rows_of(text, "Options")]
    program.positionals = [option_of(*row) for row in rows_of(text, "Positionals")]
    for name, _ in rows_of(text, "Subcommands"):
        program.commands.append(read_command(binary, [*words, name]))
    return program


def read_programs(binaries: Path) -> list[Program]:
    services = [read_service(binaries / name) for name in SERVICES]
    return [*services, read_command(binaries / COMMAND_LINE, [])]
