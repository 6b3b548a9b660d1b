"""What is done to a cell while viewers tap. A strike returns when it is over and undone."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from cell import POISON, TAPS, Cell, Peer
from stage import KAFKA, expect, say

FREEZE_S = 15
OUTAGE_S = 20
# The poison's key; it lies where this offer's intents lie.
POISONED_OFFER = "shelf-3"


@dataclass(frozen=True)
class Scenario:
    name: str
    tells: str
    strike: Callable[[Cell], None]
    # Whom it concerns.
    concerns: Callable[[Peer], bool] = lambda peer: True
    slow: bool = False


def nothing(_cell: Cell) -> None:
    pass


def kill(cell: Cell) -> None:
    for name in cell.peer.parts:
        say(f"kill -9 {name}")
        cell.kill(name)
    for name in cell.peer.parts:
        cell.restart(name)


def freeze(cell: Cell) -> None:
    say(f"freeze the broker for {FREEZE_S} s")
    subprocess.run([KAFKA, "freeze", cell.kafka], check=True)
    time.sleep(FREEZE_S)
    subprocess.run([KAFKA, "thaw", cell.kafka], check=True)


def poison(cell: Cell) -> None:
    if cell.peer.orders:
        poison_log(cell)
    if cell.url:
        poison_gateway(cell)


def poison_log(cell: Cell) -> None:
    """Some program other than a gateway writes one bad record."""
    dump = cell.folder / "so-far"
    cell.ctl("topics", "dump", f"--brokers={cell.brokers}", "--topic=intents", f"--out={dump}")
    rows = [json.loads(line) for line in dump.read_text().splitlines()]
    partition = next(r["partition"] for r in rows if r.get("offer_id") == POISONED_OFFER)
    say(f"one undecodable record into partition {partition}")
    command = ["kcat", "-b", cell.brokers, "-P", "-t", "jembatan.intents.v1", "-D", "\\0"]
    command += ["-p", str(partition), "-k", POISONED_OFFER]
    subprocess.run(command, input=POISON, check=True)


def poison_gateway(cell: Cell) -> None:
    """A client's bug: it must be refused, and must not come into the log."""
    host, path = cell.url.removeprefix("http://").split("/", 1)
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("POST", f"/{path}", POISON, {"Authorization": "viewer-0"})
    status = connection.getresponse().status
    connection.close()
    say(f"one undecodable body: status {status}")
    expect(status == 400, f"an undecodable body was answered with {status}")


def outage(cell: Cell) -> None:
    say(f"no marketplace for {OUTAGE_S} s")
    for name in ("hop", "marketplace"):
        cell.kill(name, signal.SIGKILL)
    time.sleep(OUTAGE_S)
    for name in ("marketplace", "hop"):
        cell.restart(name)
    cell.await_ready("marketplace")


def orders(peer: Peer) -> bool:
    return peer.orders


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("calm", "nothing happens", nothing),
        Scenario("kill", "kill -9 in the middle, and a restart at once", kill),
        Scenario("freeze", f"the broker stands still for {FREEZE_S} s", freeze),
        Scenario("poison", "one undecodable record in the middle", poison),
        Scenario("slow-key", "orders of one rare offer are answered after 2 s", nothing, orders,
                 slow=True),
        Scenario("outage", f"the marketplace is away for {OUTAGE_S} s", outage, orders),
    )
}


def play(cell: Cell, scenario: Scenario) -> None:
    cell.start()
    cell.start_taps()
    cell.await_results(TAPS // 3)
    cell.since_ms = round(time.time() * 1000)
    scenario.strike(cell)
    cell.await_end()
