"""Completion for bash (and zsh, by bashcompinit), from what the programs say of themselves."""

from __future__ import annotations

from pathlib import Path

from programs import Program

SCRIPT = """\
# Completes the Jembatan programs' options and commands. Written by tools/reference/run; do not
# edit.
# bash: source it. zsh: autoload -U bashcompinit && bashcompinit, then source it.

# What may follow each program or command, and the values of an option that has choices.
declare -gA _jembatan_words=(
{words}
)
declare -gA _jembatan_choices=(
{choices}
)

_jembatan() {{
  local command=${{1##*/}} current=${{COMP_WORDS[COMP_CWORD]}}
  local previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local word i choices
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${{COMP_WORDS[i]}}
    if [[ -n ${{_jembatan_words["$command $word"]+known}} ]]; then command+=" $word"; fi
  done
  # bash splits --name=value at the sign.
  if [[ $current == = ]]; then current=''; fi
  if [[ $previous == = ]]; then previous=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  choices=${{_jembatan_choices["$command $previous"]-}}
  if [[ -n $choices ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
  elif [[ $previous == --* && $current != --* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "${{_jembatan_words[$command]}}" -- "$current")
  fi
}}

complete -F _jembatan {programs}
"""


def completion(programs: list[Program]) -> str:
    words, choices = [], []
    for command in [one for program in programs for one in program.all()]:
        names = [one.name.split(" ")[-1] for one in command.commands]
        names += [option.name for option in command.options]
        words.append(f'  ["{command.name}"]="{" ".join(names)}"')
        choices += [
            f'  ["{command.name} {option.name}"]="{" ".join(option.choices)}"'
            for option in command.options
            if option.choices
        ]
    return SCRIPT.format(
        words="\n".join(words),
        choices="\n".join(choices),
        programs=" ".join(program.name for program in programs),
    )


def write_completion(programs: list[Program], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "jembatan.bash").write_text(completion(programs))
