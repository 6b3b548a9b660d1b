#!/usr/bin/env python3
"""Runs the README's commands, in their order, against the demo that it tells to leave up.

usage: tests/docs/readme.py BINARIES

Its blocks are marked as those of the documentation's pages (commands.py). The demo takes the ports
that the README names, so these must be free.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from commands import ROOT, Block, blocks_of, judge, script_of  # noqa: E402

# Blocks by how they begin, and what plays them instead: they name houses, folders and times that
# the demo has not.
ELSEWHERE = {
    "deploy/demo ": "e2e_demo, e2e_harbolnas",
    "pip install": "clients_python",
    "jembatan-ctl report beli-lokal": "e2e_harbolnas",
    "build/release/bin/jembatan-ctl topics create": "docs_commands",
    "jembatan-ctl evidence": "e2e_demo, e2e_auditors",
    "jembatan-ctl buyer-keys": "separation_credentials",
    "build/release/bin/jembatan-conformance": "conformance",
}
# A line with a word in the place of something of the reader's own: GATEWAY-ADMIN.
_OWN = re.compile(r"^.*\b[A-Z]+-[A-Z]+\b.*$", re.MULTILINE)
_GRPCURL = re.compile(r"`(go install github\.com/fullstorydev/grpcurl/\S+)`")
UP_S = 120
LIMIT_S = 120


def blocks_for(folder: Path, binaries: Path) -> list[Block]:
    blocks = [
        block
        for block in blocks_of("README.md")
        if not any(block.commands.startswith(begins) for begins in ELSEWHERE)
    ]
    receipt = rf"$(sed -nE 's/.*\"intentId\": ?\"([^\"]+)\".*/\1/p' {folder}/*.out | tail -n 1)"
    for block in blocks:
        commands = block.commands.replace("\\\n", " ").replace("THE-ID-OF-THE-RECEIPT", receipt)
        block.commands = _OWN.sub("", commands).replace("build/release/bin", str(binaries))
    return blocks


class Demo:
    """deploy/demo, up; what it tells is in its story."""

    def __init__(self, binaries: Path, folder: Path):
        self.path = folder / "story"
        command = [ROOT / "deploy/demo", "--bin", binaries]
        command += ["--viewers=50", "--rate=100", "--seconds=4"]
        with self.path.open("w") as told:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": str(folder)},
            )

    def story(self) -> str:
        return self.path.read_text()

    def await_up(self) -> None:
        end = time.monotonic() + UP_S
        while "jembatan demo: accepted=" not in self.story():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"the demo is not up:\n{self.story()}")
            time.sleep(0.2)
        if "127.0.0.1:8080" not in self.story() or "127.0.0.1:8081" not in self.story():
            raise SystemExit("the README's ports are not free")

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(30)
        if status != 0:
            raise SystemExit(f"the demo ended with status {status}:\n{self.story()}")


def play(binaries: Path, folder: Path) -> int:
    install = _GRPCURL.search((ROOT / "README.md").read_text())[1]
    tools = {**os.environ, "GOBIN": str(folder / "bin")}
    subprocess.run(["bash", "-c", install], check=True, env=tools)
    demo = Demo(binaries, folder)
    try:
        demo.await_up()
        blocks = blocks_for(folder, binaries)
        environment = {
            **os.environ,
            "PATH": f"{folder}/bin:{os.environ['PATH']}",
            "BROKERS": re.search(r"--brokers=(\S+)", demo.story())[1],
        }
        script = ["bash", "-c", script_of(blocks, folder)]
        done = subprocess.run(script, env=environment, timeout=LIMIT_S, check=False)
        judge(blocks, folder, done.returncode)
        demo.end()
    finally:
        demo.process.kill()
    return len(blocks)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="jembatan-readme."))
    try:
        played = play(Path(sys.argv[1]).resolve(), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{played} blocks of the README did what they say")


if __name__ == "__main__":
    main()
