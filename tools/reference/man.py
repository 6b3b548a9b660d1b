"""Man pages, section 1, from what the programs say of themselves."""

from __future__ import annotations

from pathlib import Path

from programs import Option, Program


def escape(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    # A line that begins so would be a request.
    return f"\\&{text}" if text.startswith((".", "'")) else text


def option_text(option: Option) -> str:
    value = f"=\\fI{escape(option.value)}\\fR" if option.value else ""
    text = f".TP\n\\fB{escape(option.name)}\\fR{value}\n{escape(option.help)}\n"
    if option.default:
        text += f"Default: {escape(option.default)}.\n"
    if option.environment:
        text += f"Environment: {escape(option.environment)}.\n"
    return text


def man_page(program: Program, version: str) -> str:
    """One program, with all its commands."""
    title = escape(program.name.upper())
    text = f'.TH "{title}" 1 "" "Jembatan {escape(version)}" "Jembatan"\n'
    text += f".SH NAME\n{escape(program.name)} \\- {escape(program.summary.rstrip('.'))}\n"
    what = "COMMAND [OPTIONS]" if program.commands else "[OPTIONS]"
    text += f".SH SYNOPSIS\n\\fB{escape(program.name)}\\fR {what}\n"
    if not program.commands:
        text += ".SH DESCRIPTION\nA flag goes before its environment variable, that before the "
        text += "TOML file (\\-\\-config), that before the default.\n.SH OPTIONS\n"
        return text + "".join(map(option_text, program.options))
    text += ".SH COMMANDS\n"
    for command in program.all()[1:]:
        text += f".SS {escape(command.name.split(' ', 1)[1])}\n{escape(command.summary)}\n"
        options = [one for one in command.options if one.name != "--help"]
        text += "".join(map(option_text, [*command.positionals, *options]))
    return text


def write_man(programs: list[Program], version: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for program in programs:
        (folder / f"{program.name}.1").write_text(man_page(program, version))
