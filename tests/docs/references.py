#!/usr/bin/env python3
"""That the references made from the programs are whole: the site has no link that leads nowhere,
man pages are clean, completion completes.

usage: tests/docs/references.py BINARIES
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = (
    "gateway", "bridge", "marketplace", "auditor", "ctl", "load", "devbroker", "conformance",
)

# What is typed so far, and what it completes to.
COMPLETIONS = {
    ("jembatan-ctl", "topi"): ["topics"],
    ("jembatan-ctl", "topics", "cr"): ["create"],
    ("jembatan-ctl", "topics", "create", "--prof"): ["--profile"],
    ("jembatan-ctl", "topics", "create", "--profile", "=", "pr"): ["production"],
    ("build/release/bin/jembatan-gateway", "--grpc_l"): ["--grpc_listen"],
    ("jembatan-gateway", "--profile", "d"): ["dev"],
}


def write(what: str, binaries: Path, folder: Path) -> Path:
    command = [ROOT / "tools/reference/run", what, f"--bin={binaries}", f"--out={folder / what}"]
    subprocess.run(command, check=True)
    return folder / what


def check(holds: bool, message: str) -> None:
    if not holds:
        raise SystemExit(message)


def check_man(folder: Path) -> None:
    for program in PROGRAMS:
        page = folder / f"jembatan-{program}.1"
        result = subprocess.run(
            ["groff", "-man", "-Tascii", "-P-cbou", "-ww", page],
            capture_output=True, text=True, check=True,
        )
        check(not result.stderr, result.stderr)
        check("--help" in result.stdout or program == "ctl", f"{page} tells no options")


def check_completion(script: Path) -> None:
    for words, expected in COMPLETIONS.items():
        typed = " ".join(f"'{word}'" for word in words)
        text = f"source {script}; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; "
        text += f"_jembatan {words[0]}; echo \"${{COMPREPLY[*]}}\""
        told = subprocess.check_output(["bash", "-c", text], text=True).split()
        check(told == expected, f"{words} completes to {told}, not {expected}")


def check_site(folder: Path) -> None:
    for program in PROGRAMS:
        check((folder / f"reference/jembatan-{program}/index.html").exists(), f"no page: {program}")
    text = (folder / "reference/jembatan-gateway/index.html").read_text()
    check("--grpc_listen" in text, "the gateway's page lacks an option")
    for page in folder.rglob("*.html"):
        for source in ('src="http', 'href="http'):
            scripts = [part.split('"')[0] for part in page.read_text().split(source)[1:]]
            loaded = [one for one in scripts if one.endswith((".js", ".css"))]
            check(not loaded, f"{page} loads {loaded} from elsewhere")


def main() -> None:
    binaries = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        check_man(write("man", binaries, Path(scratch)))
        check_completion(write("completion", binaries, Path(scratch)) / "jembatan.bash")
        check_site(write("site", binaries, Path(scratch)))
    print("site, man pages and completion are whole")


if __name__ == "__main__":
    main()
