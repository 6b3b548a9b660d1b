"""The credentials test: no program but the bridge takes credentials of both zones. Whoever gives it
some of the other zone, by flag or by file, is told so in one line, and nothing starts; each is
shown to take its own by the same way.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STATUS_BAD_START = 2
TIMEOUT_S = 20

# Credentials, and the addresses that they are for, by whom they belong to.
KAFKA = ("brokers", "kafka_config")
VIEWERS = ("token_keys", "buyer_key")
MARKETPLACE_LINK = ("orders_target", "orders_tls_certificate", "orders_tls_key", "orders_tls_ca",
                    "orders_tls_revoked", "link_key")
MARKETPLACE = ("database", "tls_client_names", "tls_revoked", "link_keys")

Check = Callable[[str, bool, str], None]


@dataclass(frozen=True)
class Program:
    takes: tuple[str, ...]
    refuses: tuple[str, ...]


PROGRAMS = {
    "gateway": Program((*KAFKA, *VIEWERS), (*MARKETPLACE_LINK, *MARKETPLACE)),
    "auditor": Program(KAFKA, (*VIEWERS, *MARKETPLACE_LINK, *MARKETPLACE)),
    "marketplace": Program(MARKETPLACE, (*KAFKA, *VIEWERS, *MARKETPLACE_LINK)),
    # Of both zones; but who viewers are is none of its business, nor what is the marketplace's own.
    "bridge": Program((*KAFKA, *MARKETPLACE_LINK), (*VIEWERS, *MARKETPLACE)),
}


class CredentialsTest:
    def __init__(self, binaries: Path, folder: Path, check: Check):
        self.binaries = binaries
        self.folder = folder
        self.check = check

    def run(self) -> None:
        for name, program in PROGRAMS.items():
            for way in (self.by_flag, self.by_file):
                wrong = [flag for flag in program.takes if not self.is_taken(name, flag, way)]
                self.check(f"{name} takes what is its own {way.__doc__}", not wrong, f"{wrong}")
                wrong = [flag for flag in program.refuses if not self.is_refused(name, flag, way)]
                self.check(f"{name} refuses what is not {way.__doc__}", not wrong, f"{wrong}")

    def by_flag(self, _name: str, flag: str) -> list[str]:
        """by flag"""
        return [f"--{flag}=given"]

    def by_file(self, name: str, flag: str) -> list[str]:
        """by file"""
        path = self.folder / f"{name}-{flag}.toml"
        path.write_text(f'{flag} = "given"\n')
        return [f"--config={path}"]

    def ask(self, name: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        """--print_config: who takes it says so and ends."""
        return subprocess.run(
            [str(self.binaries / f"jembatan-{name}"), *arguments, "--print_config"],
            capture_output=True, text=True, check=False, timeout=TIMEOUT_S)

    def is_taken(self, name: str, flag: str, way: Callable[[str, str], list[str]]) -> bool:
        done = self.ask(name, way(name, flag))
        return done.returncode == 0 and f"{flag} = " in done.stdout

    def is_refused(self, name: str, flag: str, way: Callable[[str, str], list[str]]) -> bool:
        done = self.ask(name, way(name, flag))
        return (done.returncode == STATUS_BAD_START and flag in done.stderr
                and done.stderr.count("\n") == 1)
