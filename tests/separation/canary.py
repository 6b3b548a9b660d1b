"""The canary test: the careless app taps through the real programs, and then every byte of the
other side is searched for what it should have kept to itself.

Searched: all topics as a consumer reads them and as the broker's disk holds them, the marketplace's
database, every log, every metrics page, the marketplace's ledger, and both directions of the link
between bridge and marketplace, which goes through a recording proxy. Each place is shown to have
been looked at: it holds what crosses by contract, and a canary planted there is found.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests" / folder) for folder in ("e2e", "faults")]

from careless import (  # noqa: E402
    SUBMIT,
    Gossip,
    by_grpc,
    by_http,
    new_id,
    number,
    post,
    tap_many,
    text,
)
from proxy import Network  # noqa: E402
from search import Canaries, Hit, Search, files_below  # noqa: E402
from stage import PRICE_MINOR, Failure, Stage, expect, get, say, wait_for  # noqa: E402

OFFERS = {f"shelf-{i}": 100_000_000 for i in range(24)}
VIEWERS = 8
GATEWAYS = 2


class WatchedStage(Stage):
    """One broker, and a recorder on the marketplace's link."""

    def __init__(self, binaries: Path, keep: bool):
        super().__init__(binaries, keep)
        self.network = Network(pids=lambda: {})
        self.link = self.folder / "link"
        self.link.mkdir()

    def __enter__(self) -> WatchedStage:
        self.network.__enter__()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        super().__exit__(kind, error, trace)
        self.network.__exit__(kind, error, trace)

    def reach(self, name: str, port: int) -> int:
        if name != "orders":
            return port
        return self.network.add(name, port, self.port(), record=self.link).port


@dataclass(frozen=True)
class Place:
    """A folder in which no canary may be, and what must be: without it nothing was looked at."""

    name: str
    files: Path
    holds: bytes


class CanaryTest:
    """Runs once; tells each check by name through `check`."""

    def __init__(self, stage: WatchedStage, check: Callable[[str, bool, str], None]):
        self.stage = stage
        self.check = check
        self.canaries = Canaries()
        self.search = Search(self.canaries)
        self.gossips = [Gossip(self.canaries) for _ in range(VIEWERS + 1)]
        self.found = stage.folder / "found"
        self.found.mkdir()
        self.grpc_port = 0

    def run(self, intents: int) -> None:
        self.start()
        ordered = self.tap(intents)
        self.count()
        places = self.gather(ordered)
        self.look(places)
        self.plant(places)
        self.cross()
        self.stage.stop_all()

    # --- What is sent ---------------------------------------------------------------------------

    def start(self) -> None:
        self.grpc_port = self.stage.port()
        self.stage.more_flags["gateway-0"] = {"grpc_listen": f"127.0.0.1:{self.grpc_port}"}
        self.stage.start_house(OFFERS, gateways=GATEWAYS, bridges=2)

    def token(self, gossip: Gossip) -> str:
        return gossip.token(self.stage.folder / "token.pem", self.canaries.new("claim.sub"))

    def tap(self, intents: int) -> str:
        """Taps by every transport; the id of one that was ordered."""
        ports = list(self.stage.ports.values())
        tokens = [self.token(gossip) for gossip in self.gossips]
        offer = next(iter(OFFERS))
        by_http(ports[0], tokens[-1], self.gossips[-1], offer)
        by_grpc(self.grpc_port, tokens[-1], self.gossips[-1], offer, self.stage.folder)
        many = self.gossips[:-1]
        tappers = tap_many(ports, lambda viewer: tokens[viewer], many, list(OFFERS), intents)
        accepted = sum(tapper.accepted for tapper in tappers)
        ordered = [each for tapper in tappers for each in tapper.ordered]
        say(f"{accepted} intents accepted, {len(ordered)} ordered, "
            f"{sum(gossip.unknown for gossip in self.gossips)} fields too many")
        self.check("every intent was accepted and ordered", accepted == len(ordered) == intents,
                   f"{accepted} accepted, {len(ordered)} ordered of {intents}")
        return ordered[-1]

    def count(self) -> None:
        """What was dropped was counted, at the border where it was dropped."""
        sent = sum(gossip.unknown for gossip in self.gossips)

        def counted(tier: str, labels: str = "") -> float:
            pattern = f"jembatan_{tier}_unknown_fields_total{labels}"
            return sum(self.stage.metric(name, pattern)
                       for name in self.stage.processes if name.startswith(tier))

        def dropped() -> float:
            return counted("gateway", '{from="clients"}')

        # Shards add what they counted at their next sweep.
        wait_for("the gateways have counted", lambda: dropped() >= sent, 10)
        self.check("every field too many was counted", dropped() == sent,
                   f"{dropped():.0f} counted of {sent}")
        further = counted("bridge") + counted("marketplace") + counted("gateway", '{from="out')
        self.check("no field too many came further", further == 0, f"{further:.0f} did")

    # --- What is searched -----------------------------------------------------------------------

    def topics(self, folder: Path) -> Path:
        """Every record with its key and headers."""
        folder.mkdir(exist_ok=True)
        kcat = ["kcat", "-b", self.stage.brokers]
        listing = subprocess.run([*kcat, "-L", "-J"], capture_output=True, check=True).stdout
        for topic in json.loads(listing)["topics"]:
            name = topic["topic"]
            with open(folder / name, "wb") as file:
                command = [*kcat, "-C", "-t", name, "-o", "beginning", "-e", "-q",
                           "-f", "%k\n%h\n%s\n"]
                subprocess.run(command, stdout=file, check=True)
        return folder

    def pages(self) -> tuple[Path, Path]:
        """The metrics of every service, and the marketplace's ledger."""
        metrics, ledger = self.found / "metrics", self.found / "ledger"
        metrics.mkdir()
        ledger.mkdir()
        for name in self.stage.processes:
            status, body = get(self.stage.admin_ports[name], "/metrics")
            expect(status == 200, f"{name} shows no metrics")
            (metrics / name).write_bytes(body)
        with open(ledger / "rows", "w", encoding="utf-8") as file:
            for row in self.stage.ledger():
                file.write(json.dumps(row) + "\n")
        return metrics, ledger

    def gather(self, ordered: str) -> list[Place]:
        stage, intent_id = self.stage, ordered.encode()
        packed_id = bytes.fromhex(ordered.replace("-", ""))
        metrics, ledger = self.pages()
        logs = self.found / "logs"
        logs.mkdir()
        for log in stage.folder.glob("*.log"):
            (logs / log.name).write_bytes(log.read_bytes())
        database = self.found / "database"
        database.mkdir()
        # With what has not been folded into the database yet.
        for file in stage.folder.glob("marketplace.db*"):
            (database / file.name).write_bytes(file.read_bytes())
        return [
            Place("topics", self.topics(self.found / "topics"), intent_id),
            Place("broker's disk", stage.kafka, intent_id),
            Place("marketplace's database", database, packed_id),
            Place("marketplace's ledger", ledger, intent_id),
            Place("link to the marketplace", stage.link, intent_id),
            Place("metrics pages", metrics, b"jembatan_marketplace_results_total"),
            Place("logs", logs, b"marketplace"),
        ]

    def hits(self, place: Place) -> list[Hit]:
        return [hit for path in files_below(place.files)
                for hit in self.search.in_file(path, path.name)]

    def look(self, places: list[Place]) -> None:
        for place in places:
            files = files_below(place.files)
            size = sum(path.stat().st_size for path in files)
            say(f"{place.name}: {len(files)} files, {size / 1e6:.1f} MB")
            seen = any(place.holds in path.read_bytes() for path in files)
            self.check(f"{place.name}: what crosses by contract is there", seen,
                       f"{place.holds!r} is nowhere")
            hits = self.hits(place)
            self.check(f"{place.name}: no canary", not hits, f"{hits[:10]}")

    # --- That the search would have found one ---------------------------------------------------

    def plant(self, places: list[Place]) -> None:
        """A file in every place; in the database a row. In which forms a canary is found whatever
        stands around it, search_test.py tells."""
        for place in places:
            planted = place.files / "planted"
            planted.write_text(f"before{self.canaries.new('planted')}behind")
            fields = {hit.field for hit in self.hits(place)}
            planted.unlink()
            self.check(f"{place.name}: a planted canary is found", fields == {"planted"},
                       f"found {fields}")
        self.plant_in_database(next(p for p in places if p.name == "marketplace's database"))

    def plant_in_database(self, place: Place) -> None:
        with sqlite3.connect(place.files / "marketplace.db") as database:
            database.execute("CREATE TABLE planted (canary TEXT)")
            database.execute("INSERT INTO planted VALUES (?)", (self.canaries.new("planted"),))
        database.close()
        fields = {hit.field for hit in self.hits(place)}
        self.check("marketplace's database: a canary in a row is found", fields == {"planted"},
                   f"found {fields}")

    def cross(self) -> None:
        """A canary in the one text that may cross: it is seen in the topics and on the link, so
        what else would cross would be seen as well."""
        gossip, stage = self.gossips[-1], self.stage
        intent = (text(1, new_id()) + text(2, next(iter(OFFERS))) + number(3, 1)
                  + text(4, text(1, "IDR") + number(2, PRICE_MINOR))
                  + text(9, self.canaries.new("attribution")))
        headers = {"Content-Type": "application/proto",
                   "Authorization": f"Bearer {self.token(gossip)}"}
        status, body = post(next(iter(stage.ports.values())), SUBMIT, text(1, intent), headers)
        expect(status == 200, f"the last tap: {status} {body!r}")
        for place in (Place("link to the marketplace", stage.link, b""),
                      Place("broker's disk", stage.kafka, b"")):

            def seen(place: Place = place) -> bool:
                return {hit.field for hit in self.hits(place)} == {"attribution"}

            wait_for(f"{place.name} shows the attribution", seen)
            self.check(f"{place.name}: a canary that may cross is seen crossing", True, "")
        hits = self.hits(Place("topics", self.topics(self.found / "topics-after"), b""))
        self.check("topics: a canary that may cross is seen crossing",
                   {hit.field for hit in hits} == {"attribution"}, f"{hits}")
