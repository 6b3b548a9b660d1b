#!/usr/bin/env python3
"""Runs every command of the documentation's pages, in their order, as a reader would.

usage: tests/docs/commands.py BINARIES

A page's blocks marked sh run in one shell, from the root of the tree; a block marked text behind
one names what its output must hold, a line each. Ports and the folder for the reader's files are
others than the pages say, so that runs do not meet.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "docs/index.md",
    "docs/app-teams.md",
    "docs/marketplace-teams.md",
    "docs/sres.md",
    "docs/auditors.md",
)
# Commands that another test runs.
ELSEWHERE = {"deploy/demo --once": "e2e_demo"}
LIMIT_S = 150

_BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PORT = re.compile(r"127\.0\.0\.1:(\d+)")


class Block:
    def __init__(self, page: str, commands: str):
        self.page = page
        self.commands = commands
        self.expected: list[str] = []


def blocks_of(page: str) -> list[Block]:
    blocks: list[Block] = []
    for kind, text in _BLOCK.findall((ROOT / page).read_text()):
        if kind == "sh":
            blocks.append(Block(page, text))
        else:
            blocks[-1].expected = text.splitlines()
    return [block for block in blocks if block.commands.strip() not in ELSEWHERE]


def free_port(taken: set[int]) -> int:
    while True:
        port = random.randrange(20_000, 32_768)
        with socket.socket() as probe:
            if port not in taken and probe.connect_ex(("127.0.0.1", port)) != 0:
                taken.add(port)
                return port


def moved(blocks: list[Block], house: Path, binaries: Path) -> None:
    """The same commands on ports, in a folder and with programs of this run."""
    ports = {port: 0 for block in blocks for port in _PORT.findall(block.commands)}
    taken: set[int] = set()
    for port in ports:
        ports[port] = free_port(taken)
    for block in blocks:
        for port, other in ports.items():
            block.commands = re.sub(rf"\b{port}\b", str(other), block.commands)
        block.commands = block.commands.replace("mkdir -p build/house", f"mkdir -p {house}")
        block.commands = block.commands.replace("cd build/house", f"cd {house}")
        block.commands = block.commands.replace("$PWD/build/release/bin", str(binaries))
        block.commands = block.commands.replace("../../", f"{ROOT}/")


def script_of(blocks: list[Block], house: Path) -> str:
    lines = ["set -euo pipefail", "cd " + str(ROOT)]
    for number, block in enumerate(blocks):
        # What goes on in the background keeps its own output.
        lines += [f"exec >{house}/{number}.out 2>&1", f"echo {number} >{house}/at", block.commands]
    return "\n".join(lines) + "\necho done >" + f"{house}/at\n"


def judge(blocks: list[Block], house: Path, status: int) -> None:
    at = (house / "at").read_text().strip()
    if at != "done":
        block = blocks[int(at)]
        told = (house / f"{at}.out").read_text()
        raise SystemExit(f"{block.page}: status {status} of\n{block.commands}\n{told}")
    for number, block in enumerate(blocks):
        told = (house / f"{number}.out").read_text()
        for line in block.expected:
            if line not in told:
                raise SystemExit(f"{block.page}: no '{line}' in\n{told}\n{block.commands}")


def main() -> None:
    binaries = Path(sys.argv[1]).resolve()
    house = Path(tempfile.mkdtemp(prefix="jembatan-docs."))
    blocks = [block for page in PAGES for block in blocks_of(page)]
    moved(blocks, house, binaries)
    shell = subprocess.Popen(
        ["bash", "-c", script_of(blocks, house)],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "TERM": "dumb"},
    )
    try:
        judge(blocks, house, shell.wait(LIMIT_S))
    finally:
        # What the pages left running is of the shell's session.
        os.killpg(shell.pid, signal.SIGKILL)
        shutil.rmtree(house, ignore_errors=True)
    print(f"{len(blocks)} blocks of {len(PAGES)} pages did what they say")


if __name__ == "__main__":
    main()
