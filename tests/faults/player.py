"""Plays one scenario and tells how it went; what run and campaign share."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab import Lab
from scenarios import SCENARIOS, Scenario, play
from stage import ROOT, Failure, say

SEED_MAX = 2**31


@dataclass
class Result:
    seed: int
    scenario: str
    verdict: str  # passed, failed, skipped
    why: str
    seconds: float
    figures: Mapping[str, object]
    harm: Mapping[str, int]


def attempt(scenario: Scenario, binaries: Path, seed: int, keep: bool) -> Result:
    began = time.monotonic()
    result = Result(seed, scenario.name, "skipped", scenario.lacks(), 0, {}, {})
    if result.why:
        say(f"{scenario.name}: skipped: {result.why}")
        return result
    say(f"{scenario.name}: {scenario.tells}")
    signal.alarm(scenario.limit_s)
    try:
        with Lab(binaries, keep, seed) as lab:
            result.harm = lab.harm
            result.figures = play(lab, scenario)
        result.verdict = "passed"
    except Failure as failure:
        result.verdict, result.why = "failed", str(failure)
        print(f"faults: {scenario.name} FAILED: {failure}", file=sys.stderr)
        again = f"tests/faults/run --only {scenario.name} --seed {seed}"
        print(f"faults: the same choices again: {again}", file=sys.stderr, flush=True)
    finally:
        signal.alarm(0)
    result.seconds = time.monotonic() - began
    say(f"{scenario.name}: {result.verdict} in {result.seconds:.0f} s")
    return result


def too_long(_number: int, _frame: object) -> None:
    raise Failure("not done within the scenario's limit of time")


def leave(number: int, _frame: object) -> None:
    """Ends the program by way of the stage's tidying."""
    sys.exit(f"faults: ended by {signal.Signals(number).name}")


def catch_signals() -> None:
    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)


# --- Command lines ------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """With the flags that run and campaign share."""

    def __init__(self, text: str):
        super().__init__(usage=text.split("usage: ")[1])
        self.add_argument("--bin", type=binaries_in, default=str(ROOT / "build/release/bin"))
        self.add_argument("--seed", type=seed_of, default=0)
        self.add_argument("--keep", action="store_true")

    def error(self, message: str) -> None:
        """One line instead of the whole usage."""
        print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
        sys.exit(2)


def binaries_in(text: str) -> Path:
    folder = Path(text).resolve()
    if not (folder / "jembatan-gateway").exists():
        raise argparse.ArgumentTypeError(f"{text} holds no programs")
    return folder


def known(name: str) -> str:
    if name not in SCENARIOS:
        raise argparse.ArgumentTypeError(f"no scenario is called {name!r}; --list tells them")
    return name


def seed_of(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) >= SEED_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no number below {SEED_MAX}")
    return int(text)
