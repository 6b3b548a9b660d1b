"""References as Markdown, made when the site is built: programs, contracts, metrics."""

from __future__ import annotations

import re
from pathlib import Path

from contracts import ROOT, Contracts, Field, Message
from programs import Option, Program

HEAD = "<!-- Written by tools/reference/run; do not edit. -->\n\n"


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def table(titles: list[str], rows: list[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *[[cell(one) for one in row] for row in rows]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


# --- Programs -----------------------------------------------------------------------------------


OPTION_TITLES = ["Option", "What it is", "Default"]


def option_row(option: Option) -> list[str]:
    value = f"={option.value}" if option.value else ""
    default = f"`{option.default}`" if option.default else ""
    return [f"`{option.name}{value}`", option.help, default]


def program_page(program: Program) -> str:
    text = f"{HEAD}# {program.name}\n\n{program.summary}\n\n"
    if not program.commands:
        text += (
            "Each option is also read from the environment (`JEMBATAN_SERVICE_KEY`) and from the "
            "TOML file that `--config` names; a flag goes before these.\n\n"
        )
        return text + table(OPTION_TITLES, list(map(option_row, program.options)))
    for command in program.all()[1:]:
        if command.commands and len(command.options) <= 1:
            continue
        text += f"## {command.name.removeprefix('jembatan-ctl ')}\n\n{command.summary}\n\n"
        options = [one for one in command.options if one.name != "--help"]
        rows = [option_row(one) for one in [*command.positionals, *options]]
        if rows:
            text += table(OPTION_TITLES, rows)
    return text


# --- Contracts ----------------------------------------------------------------------------------


def type_of(one: Field) -> str:
    kinds = {1: "double", 3: "int64", 4: "uint64", 5: "int32", 8: "bool", 9: "string"}
    kinds |= {12: "bytes", 13: "uint32"}
    name = one.type_name.strip(".").removeprefix("jembatan.") or kinds[one.kind]
    return f"repeated {name}" if one.repeated else name


def message_text(message: Message, package: str) -> str:
    rows = [[str(one.number), f"`{one.name}`", type_of(one), one.comment] for one in message.fields]
    text = f"### {message.name.removeprefix(package + '.')}\n\n{message.comment}\n\n"
    return text + (table(["", "Field", "Type", "Meaning"], rows) if rows else "")


def package_page(contracts: Contracts, package: str) -> str:
    own = f"{package}."
    text = f"{HEAD}# {package.strip('.')}\n\n{contracts.heads[package]}\n\n"
    for service in contracts.services.values():
        if not service.name.startswith(own):
            continue
        text += f"## {service.name.removeprefix(own)}\n\n{service.comment}\n\n"
        for method in service.methods:
            way = ["stream " if streams else "" for streams in method.streams]
            request, response = (
                name.removeprefix(own) for name in (method.request, method.response)
            )
            text += f"### {method.name}\n\n`{way[0]}{request}` → `{way[1]}{response}`\n\n"
            text += f"{method.comment}\n\n"
    messages = [one for one in contracts.messages.values() if one.name.startswith(own)]
    if messages:
        text += "## Messages\n\n" + "".join(message_text(one, package) for one in messages)
    enums = [one for one in contracts.enums.values() if one.name.startswith(own)]
    if enums:
        text += "## Enumerations\n\n"
    for enum in enums:
        rows = [[str(number), f"`{name}`", told] for name, number, told in enum.values]
        text += f"### {enum.name.removeprefix(own)}\n\n{enum.comment}\n\n"
        text += table(["", "Value", "Meaning"], rows)
    return text


# --- Metrics ------------------------------------------------------------------------------------

_TEXT = r'"((?:[^"\\]|\\.)*)"'
_METRIC = re.compile(
    rf'"(jembatan_[A-Za-z0-9_]+)"\)?,?\s*(?:\.Help\()?\s*({_TEXT}(?:\s*{_TEXT})*)', re.DOTALL
)


def metrics() -> dict[str, str]:
    """Name and help of every metric that a program has, as its source says them."""
    found = {}
    for path in sorted([*ROOT.glob("services/**/*.cc"), *ROOT.glob("libs/**/*.cc")]):
        if path.name.endswith("_test.cc"):
            continue
        # What several services have carries the name of each.
        text = path.read_text().replace('"jembatan_" + service + "', '"jembatan_SERVICE')
        for match in _METRIC.finditer(text):
            found.setdefault(match[1], "".join(re.findall(_TEXT, match[2])))
    return found


def metrics_page() -> str:
    text = f"{HEAD}# Metrics\n\nEvery program tells them on `/metrics` of its admin port.\n\n"
    found = metrics()
    for service in ("gateway", "bridge", "marketplace", "auditor", "SERVICE", ""):
        prefix = f"jembatan_{service}" if service else "jembatan_"
        names = sorted(name for name in found if name.startswith(prefix))
        rows = [[f"`{name}`", found.pop(name)] for name in names]
        if rows:
            text += f"## {service or 'others'}\n\n" + table(["Metric", "What it is"], rows)
    return text


def write_pages(contracts: Contracts, programs: list[Program], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for program in programs:
        (folder / f"{program.name}.md").write_text(program_page(program))
    for package in contracts.heads:
        name = package.strip(".").removeprefix("jembatan.")
        (folder / f"{name}.md").write_text(package_page(contracts, package))
    (folder / "metrics.md").write_text(metrics_page())
