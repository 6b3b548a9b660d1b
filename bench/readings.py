"""What the benchmarks read of the stage's processes and of the machine; how their loads begin."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from stage import Stage  # noqa: E402

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def rss_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def accepted(stage: Stage) -> int:
    return int(stage.metric("gateway-0", r'jembatan_gateway_intents_total\{.*status="accepted"'))


def ordered(stage: Stage) -> int:
    return int(stage.metric("bridge-0", r'jembatan_bridge_outcomes_total\{[^}]*state="ordered"'))


def pids(stage: Stage) -> dict[str, int]:
    found = {name: process.pid for name, process in stage.processes.items()}
    found["kafka"] = int((stage.kafka / "pid").read_text())
    return found


def load_flags(rate: int, seconds: int, **more: object) -> dict[str, object]:
    return {
        "rate": rate,
        "seconds": seconds,
        "viewer_prefix": f"v{time.monotonic_ns()}-",
        "arrivals": "poisson",
        "settle_seconds": 30,
        **more,
    }


class MachineShare:
    """What of the machine's CPU others took between its making and told(): on a shared machine that
    is what most differences between equal runs come from."""

    def __init__(self) -> None:
        self.begin = self.now()

    @staticmethod
    def now() -> tuple[float, float, float, float]:
        """Of the machine: all time, idle, stolen; of this process and those it has waited for."""
        line = Path("/proc/stat").read_text().splitlines()[0]
        fields = [int(field) for field in line.split()[1:9]]
        times = os.times()
        own = times.user + times.system + times.children_user + times.children_system
        return sum(fields) / TICKS_PER_S, (fields[3] + fields[4]) / TICKS_PER_S, \
            fields[7] / TICKS_PER_S, own

    def told(self, stage_cpu_s: float) -> str:
        """stage_cpu_s: what the stage's processes took meanwhile."""
        total, idle, stolen, own = (b - a for a, b in zip(self.begin, self.now(), strict=True))
        others = max(0.0, total - idle - stolen - stage_cpu_s - own)
        return (f"{100 * others / total:.0f} % of the CPU went to other work, "
                f"{100 * stolen / total:.0f} % was stolen, {100 * idle / total:.0f} % was idle")
