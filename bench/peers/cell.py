"""Cell: one peer on one Kafka node, with Jembatan's marketplace behind a hop that writes down every
order, and taps at a gentle rate. What it starts ends with it.

  taps                   -> intake          -> log -> bridge half  -> hop -> marketplace
  jembatan-load, or Taps    gateway or none           Jembatan's or the peer's
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from judge import Facts, Verdict, judge, lines  # noqa: E402
from stage import Stage, die_with_parent, expect, say, wait_for  # noqa: E402

# So gentle that a peer that asks about one order of an offer, or of a partition, after the other
# keeps pace while nothing happens.
RATE = 150
TAPS = 4_500
ZIPF = 0.7
VIEWERS = 60
SEED = 7
# By falling popularity; the last has some fifteen taps.
OFFERS = {f"shelf-{i}": 1_000_000 for i in range(1, 101)}
SLOW_OFFER, SLOW_MS = "shelf-100", 2_000
GROUP = "jembatan-bridge"
POISON = b"\xff\xff\xffno intent"

# After the last tap, how long nothing may be decided before what is missing counts as owed: longer
# than a group's session, a call to the marketplace and the longest rest of a breaker.
STILL_S = 20
TAPS_END_S = 150
# A run is so short that the better compiler would only take the processors from everybody.
JVM = ("java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@dataclass(frozen=True)
class Peer:
    name: str
    tells: str
    # Starts the peer's own processes; what kill -9 is for.
    start: Callable[[Cell], None]
    parts: tuple[str, ...]
    intake: bool = False  # it answers viewers
    orders: bool = True  # it places orders


class Cell(Stage):
    def __init__(self, binaries: Path, java: Path, keep: bool, peer: Peer, slow: bool):
        super().__init__(binaries, keep)
        self.java_home = java
        self.peer = peer
        self.slow_offer = SLOW_OFFER if slow else ""
        self.market_port = self.hop_port = 0
        self.since_ms = 0  # when the strike began
        self.url = ""  # where Taps posts; empty: into the log

    # --- Processes ------------------------------------------------------------------------------

    def java(self, name: str, program: str, **flags: object) -> None:
        """Starts a main of bench/peers/java."""
        classes = f"{self.java_home / 'classes'}:{self.java_home / 'lib'}/*"
        command = [*JVM, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classes]
        command += [f"jembatan.peers.{program}"]
        self.spawn(name, command + [f"--{key}={value}" for key, value in flags.items()])

    def await_ready(self, *names: str) -> None:
        for name in names:
            if name in self.admin_ports:
                super().await_ready(name)
            else:
                self.await_line(name)

    def await_line(self, name: str) -> None:
        def ready() -> bool:
            code = self.processes[name].poll()
            expect(code is None, f"{name} ended with status {code}")
            return "ready" in (self.folder / f"{name}.log").read_text(errors="replace").split("\n")

        wait_for(f"{name} is ready", ready)

    def reach(self, name: str, port: int) -> int:
        if name != "orders":
            return port
        self.market_port, self.hop_port = port, self.port()
        return self.hop_port

    def start(self) -> None:
        self.start_house(OFFERS, gateways=0, bridges=0)
        self.java(
            "hop",
            "OrdersHop",
            port=self.hop_port,
            marketplace=f"127.0.0.1:{self.market_port}",
            passed=self.folder / "passed",
            slow_offer=self.slow_offer,
            slow_ms=SLOW_MS if self.slow_offer else 0,
        )
        self.await_ready("hop")
        self.peer.start(self)
        self.await_ready(*self.processes)

    @property
    def orders_target(self) -> str:
        return f"127.0.0.1:{self.hop_port}"

    # --- Taps -----------------------------------------------------------------------------------

    def start_taps(self) -> None:
        if "gateway-0" in self.processes:
            self.start_load(rate=RATE, seconds=TAPS // RATE, viewers=VIEWERS, settle_seconds=60,
                            offers=",".join(OFFERS), zipf=ZIPF, seed=SEED)
            return
        where = {"url": self.url} if self.url else {"brokers": self.brokers}
        self.java("load", "Taps", taps=TAPS, rate=RATE, offers=",".join(OFFERS), zipf=ZIPF,
                  seed=SEED, history=self.folder / "clients", **where)

    def results(self) -> int:
        return sum(1 for _ in self.ledger())

    def await_end(self) -> None:
        """Until everything is decided, or nothing more is for a while."""
        process = self.processes["load"]
        wait_for("the taps end", lambda: process.poll() is not None, TAPS_END_S)
        del self.processes["load"]
        say((self.folder / "load.log").read_text(errors="replace").strip().split("\n")[-1])
        accepted = {e["id"] for e in lines(self.folder / "clients") if e["e"] == "accepted"}
        count, since = -1, time.monotonic()
        while count < len(accepted) and time.monotonic() < since + STILL_S:
            now = self.results()
            if now != count:
                count, since = now, time.monotonic()
            time.sleep(0.5)
        time.sleep(2)  # outcomes are written and offsets committed

    # --- Verdict --------------------------------------------------------------------------------

    def committed(self) -> dict[int, int]:
        """The group's offset of each partition of intents."""
        jars = subprocess.run([ROOT / "tools/bootstrap", "--print-kafka"], capture_output=True,
                              text=True, check=True).stdout.strip()
        program = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
        command = [*JVM, "-cp", f"{jars}/lib/*", program]
        command += ["--bootstrap-server", self.brokers, "--describe", "--offsets", "--group", GROUP]
        result = subprocess.run(command, capture_output=True, text=True, check=False,
                                preexec_fn=die_with_parent)
        expect(result.returncode == 0, f"no offsets: {result.stdout}{result.stderr}")
        rows = re.findall(r"jembatan\.intents\.v1\s+(\d+)\s+(\d+)\s", result.stdout)
        return {int(partition): int(offset) for partition, offset in rows}

    def write_history(self) -> None:
        for topic in ("intents", "outcomes"):
            self.ctl("topics", "dump", f"--brokers={self.brokers}", f"--topic={topic}",
                     f"--out={self.folder / topic}")
        rows = "".join(json.dumps(row) + "\n" for row in self.ledger())
        (self.folder / "ledger").write_text(rows)

    def checked(self) -> str:
        """What check-history says: the oracles that were broken, and how often."""
        names = ("clients", "intents", "outcomes", "ledger")
        command = [str(self.binaries / "jembatan-ctl"), "check-history"]
        command += [f"--{name}={self.folder / name}" for name in names]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        counts = re.search(r"^O1=.*$", result.stdout, re.MULTILINE)
        expect(counts is not None, f"check-history: {result.stdout}{result.stderr}")
        broken = [each for each in counts[0].split() if not each.endswith("=0")]
        expect(bool(broken) == (result.returncode != 0), "check-history contradicts itself")
        return " ".join(broken) or "holds"

    def verdict(self) -> tuple[Verdict, str]:
        ended_ms = round(time.time() * 1000)
        self.write_history()
        facts = Facts(self.committed(), self.since_ms, ended_ms, self.slow_offer, self.peer.intake)
        return judge(self.folder, facts), self.checked()
