"""The namespaces test: the social zone (gateways, Kafka) and the commerce zone (marketplace) are
networks of their own, and the bridge has a leg in each. The house works; and whoever tries every
port that anybody listens on, from every zone, gets from one zone into the other in one way only:
the bridge to the marketplace's orders port.

Needs root, for network namespaces. Routes between the zones are set on both sides on purpose: what
keeps them apart is that the bridge forwards nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from stage import KAFKA, Failure, Stage, expect, say  # noqa: E402

CLONE_NEWNET = 0x40000000
LISTEN = "0A"
PROBE_S = 2.0
LOOPBACK = "127.0.0.1"
# The addresses of each zone in the networks that it is in.
SOCIAL, COMMERCE = "10.77.1.2", "10.77.2.2"
LEGS = ("10.77.1.1", "10.77.2.1")
ADDRESSES = {"social": (SOCIAL,), "commerce": (COMMERCE,), "bridge": LEGS}
ZONES = {"gateway": "social", "load": "social", "marketplace": "commerce", "bridge": "bridge"}
OFFERS = {f"shelf-{i}": 1_000_000 for i in range(20)}
LOAD = {"rate": 200, "seconds": 5, "viewers": 50, "offers": ",".join(OFFERS)}

Check = Callable[[str, bool, str], None]


class Unavailable(Exception):
    """This machine lets us make no network namespaces; the message says why."""


def ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr.strip()}")


class Networks:
    """The three namespaces; gone at the end."""

    def __init__(self) -> None:
        self.names = {zone: f"jembatan-{zone}-{os.getpid()}" for zone in ADDRESSES}

    def __enter__(self) -> Networks:
        if os.geteuid() != 0:
            raise Unavailable("network namespaces need root")
        try:
            for name in self.names.values():
                ip("netns", "add", name)
        except (Failure, OSError) as error:
            self.__exit__()
            raise Unavailable(str(error)) from error
        self.wire("social", SOCIAL, LEGS[0])
        self.wire("commerce", COMMERCE, LEGS[1])
        for zone in self.names:
            self.within(zone, "link", "set", "lo", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.names.values():
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)

    def within(self, zone: str, *arguments: str) -> None:
        ip("-n", self.names[zone], *arguments)

    def wire(self, zone: str, address: str, leg: str) -> None:
        ip("link", "add", "leg", "netns", self.names[zone], "type", "veth",
           "peer", "name", zone, "netns", self.names["bridge"])
        for where, link, own in ((zone, "leg", address), ("bridge", zone, leg)):
            self.within(where, "address", "add", f"{own}/24", "dev", link)
            self.within(where, "link", "set", link, "up")
        self.within(zone, "route", "add", "default", "via", leg)

    @contextlib.contextmanager
    def inside(self, zone: str) -> Iterator[None]:
        """This thread, and what it starts, is in the zone."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/self/ns/net", "rb") as home:
            with open(f"/run/netns/{self.names[zone]}", "rb") as there:
                expect(libc.setns(there.fileno(), CLONE_NEWNET) == 0, f"no way into {zone}")
            try:
                yield
            finally:
                if libc.setns(home.fileno(), CLONE_NEWNET) != 0:
                    os.abort()


class ZonedStage(Stage):
    def __init__(self, binaries: Path, keep: bool, networks: Networks):
        super().__init__(binaries, keep)
        self.networks = networks

    def inside(self, name: str) -> contextlib.AbstractContextManager[None]:
        return self.networks.inside(ZONES[name.split("-")[0]])

    def start_kafka(self) -> None:
        with self.networks.inside("social"):
            started = subprocess.run([KAFKA, "start", self.kafka, "--host", SOCIAL], check=False)
        expect(started.returncode == 0, "Kafka does not start")
        self.brokers = (self.kafka / "bootstrap").read_text().strip()

    def ctl(self, *arguments: str) -> str:
        with self.networks.inside("social"):
            return super().ctl(*arguments)

    def spawn(self, name: str, command: list[str]) -> None:
        with self.inside(name):
            super().spawn(name, command)

    def service(self, name: str, program: str, /, **flags: object) -> None:
        """What others must reach is on the zone's address, all else on its loopback."""
        moved = {"gateway": ("listen", SOCIAL), "marketplace": ("listen", COMMERCE),
                 "bridge": ("orders_target", COMMERCE)}
        flag, address = moved[name.split("-")[0]]
        flags[flag] = str(flags[flag]).replace(LOOPBACK, address)
        super().service(name, program, **flags)

    def is_ready(self, name: str) -> bool:
        with self.inside(name):
            return super().is_ready(name)

    def told(self, name: str, target: str) -> str:
        with self.inside(name):
            return super().told(name, target)

    def ledger(self, after: int = 0) -> Iterator[dict]:
        with self.inside("marketplace"):
            return iter(list(super().ledger(after)))

    def start_load(self, **flags: object) -> None:
        targets = ",".join(f"{SOCIAL}:{port}" for port in self.ports.values())
        super().start_load(**{"targets": targets, "marketplace_admin": "", **flags})


# --- Looking for ways -----------------------------------------------------------------------------


def listening() -> list[tuple[str, int]]:
    """Address and port of every TCP socket that listens in this zone."""
    found = set()
    for file in ("tcp", "tcp6"):
        for line in Path(f"/proc/thread-self/net/{file}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN:
                host, port = fields[1].split(":")
                # The last four bytes, in the machine's order: of IPv6 only mapped IPv4 is used.
                address = socket.inet_ntoa(bytes.fromhex(host[-8:])[::-1])
                found.add((address, int(port, 16)))
    return sorted(found)


def reachable(targets: list[tuple[str, int]]) -> set[tuple[str, int]]:
    """All at once: who drops what comes says nothing."""
    tries = {}
    for target in targets:
        attempt = socket.socket()
        attempt.setblocking(False)
        if attempt.connect_ex(target) in (0, errno.EINPROGRESS):
            tries[attempt] = target
        else:
            attempt.close()
    found: set[tuple[str, int]] = set()
    end = time.monotonic() + PROBE_S
    waiting = set(tries)
    while waiting and (left := end - time.monotonic()) > 0:
        for attempt in select.select([], list(waiting), [], left)[1]:
            waiting.discard(attempt)
            if attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                found.add(tries[attempt])
    for attempt in tries:
        attempt.close()
    return found


class NamespacesTest:
    def __init__(self, stage: ZonedStage, check: Check):
        self.stage = stage
        self.check = check

    def run(self) -> None:
        self.stage.start_house(OFFERS)
        self.sell()
        self.look()
        self.stage.stop_all()

    def sell(self) -> None:
        """All that must come through does."""
        self.stage.start_load(**LOAD)
        figures = self.stage.await_load(120)
        self.stage.check_history()
        self.check("the house sells across the zones", figures["ordered"] > 0, f"{figures}")

    def ports(self) -> dict[str, list[tuple[str, int]]]:
        ports = {}
        for zone in ADDRESSES:
            with self.stage.networks.inside(zone):
                ports[zone] = listening()
            say(f"{zone}: " + ", ".join(f"{address}:{port}" for address, port in ports[zone]))
        return ports

    def look(self) -> None:
        ports = self.ports()
        orders = int(self.flag("marketplace", "listen").rsplit(":", 1)[1])
        ways = {("bridge", "commerce", COMMERCE, orders)}
        for here in ADDRESSES:
            for there in ADDRESSES:
                # The bridge lives on Kafka: that it gets there is its own zone's matter.
                if here == there or (here, there) == ("bridge", "social"):
                    continue
                targets = [(address, port) for _, port in ports[there]
                           for address in ADDRESSES[there]]
                expect(bool(targets), f"nobody listens in {there}")
                expected = {way[2:] for way in ways if way[:2] == (here, there)}
                with self.stage.networks.inside(here):
                    found = reachable(targets)
                self.check(f"of {len(targets)} doors {here} finds {len(expected)} open in {there}",
                           found == expected, f"{sorted(found)} instead of {sorted(expected)}")
        self.recognise(ports)

    def recognise(self, ports: dict[str, list[tuple[str, int]]]) -> None:
        """From inside every door is found open: the search sees what is there."""
        for zone in ADDRESSES:
            with self.stage.networks.inside(zone):
                closed = set(ports[zone]) - reachable(ports[zone])
            self.check(f"{zone} finds all {len(ports[zone])} of its own doors open", not closed,
                       f"{closed}")

    def flag(self, name: str, flag: str) -> str:
        return next(word.split("=", 1)[1] for word in self.stage.commands[name]
                    if word.startswith(f"--{flag}="))


def run(binaries: Path, keep: bool, check: Check) -> None:
    with Networks() as networks, ZonedStage(binaries, keep, networks) as stage:
        NamespacesTest(stage, check).run()
