"""A TCP proxy that does harm: one in front of every hop of a stage, all of them in one thread.

A fault is set and cleared while connections run, and works on what passes from then on. It may be
meant for some clients only: a connection's client is the process that holds its other end, looked
up when the first such fault asks. Chance comes from the seed, the proxy's name, the number of the
connection and the direction; what a chunk of bytes is, the network decides, so a seed repeats the
choices and not every byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

UP = "up"  # from the client to the server
DOWN = "down"
BOTH = frozenset((UP, DOWN))

CHUNK_BYTES = 16 * 1024
# Chunks of a direction that may be under way; then the sender is no longer read.
CHUNKS_UNDER_WAY = 64
CONNECT_S = 5
# How long connections are gathered before it is looked who they are.
LOOK_S = 0.1


@dataclass(frozen=True)
class Fault:
    """What is wrong with a hop. The fields can be joined; the default is a healthy hop."""

    delay_ms: float = 0  # every chunk comes so much later,
    jitter_ms: float = 0  # and up to so much more; bytes never overtake
    bytes_per_s: float = 0  # 0: as fast as it goes
    hold: frozenset[str] = frozenset()  # directions in which bytes wait until the fault is cleared
    refuse: bool = False  # connections end by a reset, new ones at once
    drop_after: int = 0  # a connection is closed once so many bytes have passed it
    half_close_after: int = 0  # after so many bytes the server is told that the client is done
    reset_share: float = 0  # of the chunks: the connection ends by a reset instead
    corrupt_share: float = 0  # of the chunks: one byte becomes another
    double_share: float = 0  # of the server's chunks: sent twice
    clients: frozenset[str] | None = None  # names of those it is meant for; None: all

    def meant_for(self, client: str | None) -> bool:
        return self.clients is None or client in self.clients

    def told(self) -> str:
        """The fields that differ from a healthy hop's."""
        fields = {name: value for name, value in vars(self).items() if value != DEFAULTS[name]}
        return " ".join(f"{name}={shown(value)}" for name, value in fields.items())


def shown(value: object) -> str:
    return "+".join(sorted(value)) if isinstance(value, frozenset) else str(value)


HEALTHY = Fault()
DEFAULTS = vars(HEALTHY)
FROZEN = Fault(hold=BOTH)
REFUSED = Fault(refuse=True)


# --- Who is at the other end --------------------------------------------------------------------


# The two ports of a connection, its client's first.
Ends = tuple[int, int]


def socket_inodes(wanted: set[Ends]) -> dict[str, Ends]:
    """By the kernel's number of it, the local socket on the one port that is connected to the
    other: one port serves several sockets when they go to different places. A Java program's may
    be IPv6."""
    found = {}
    for table in ("tcp", "tcp6"):
        with open(f"/proc/net/{table}", encoding="ascii") as rows:
            next(rows)
            for row in rows:
                columns = row.split()
                ends = (int(columns[1][-4:], 16), int(columns[2][-4:], 16))
                if ends in wanted and columns[9] != "0":
                    found[columns[9]] = ends
    return found


def holders(wanted: set[Ends], pids: dict[str, int]) -> dict[Ends, str]:
    """The names of the processes whose sockets connect these ports, of those that are known."""
    sockets = {f"socket:[{inode}]": ends for inode, ends in socket_inodes(wanted).items()}
    found = {}
    for name, pid in pids.items():
        with contextlib.suppress(OSError):
            for number in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    held = os.readlink(f"/proc/{pid}/fd/{number}")
                    if held in sockets:
                        found[sockets[held]] = name
    return found


# --- One connection -----------------------------------------------------------------------------


class Connection:
    """Two pumps, one a direction. Each reads into a queue and writes from it when the time comes,
    so that a delay does not become a rate."""

    def __init__(self, proxy: Proxy, number: int, ends: dict[str, tuple]):
        self.proxy = proxy
        self.number = number
        # Its name, once a fault has asked for it; None until then, empty: it is nobody we know.
        self.client: str | None = None
        self.ends = ends  # direction -> (reader, writer)
        self.bytes = Counter()
        self.is_reset = False

    @property
    def fault(self) -> Fault:
        return self.proxy.fault_for(self.client)

    def ports(self) -> Ends:
        _, writer = self.ends[DOWN]
        there, here = (writer.get_extra_info(end)[1] for end in ("peername", "sockname"))
        return there, here

    async def run(self) -> None:
        pumps = [asyncio.create_task(self.pump(direction)) for direction in (UP, DOWN)]
        try:
            await asyncio.gather(*pumps)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for pump in pumps:
                pump.cancel()
            self.close()

    def close(self) -> None:
        for _, writer in self.ends.values():
            writer.close()

    def reset(self, why: str) -> None:
        """Ends both sides by RST: what lies in their buffers is lost."""
        if self.is_reset:
            return
        self.is_reset = True
        self.proxy.counts[why] += 1
        for _, writer in self.ends.values():
            raw = writer.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def pump(self, direction: str) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(CHUNKS_UNDER_WAY)
        reading = asyncio.create_task(self.read(direction, queue))
        try:
            await self.write(direction, queue)
        finally:
            reading.cancel()

    async def read(self, direction: str, queue: asyncio.Queue[tuple[float, bytes]]) -> None:
        """Every chunk with the time at which it is due; an empty one is the end."""
        reader, _ = self.ends[direction]
        chance = random.Random(f"{self.proxy.seed}/{self.proxy.name}/{self.number}/{direction}")
        due = 0.0
        while True:
            try:
                data = await reader.read(CHUNK_BYTES)
            except OSError:
                data = b""
            fault = self.fault
            due = max(due, time.monotonic())
            if fault.bytes_per_s:
                due += len(data) / fault.bytes_per_s
            wait_s = (fault.delay_ms + fault.jitter_ms * chance.random()) / 1000
            if data and (wait_s or fault.bytes_per_s):
                self.proxy.counts["delayed"] += 1
            for piece in self.spoil(direction, data, fault, chance) if data else [data]:
                await queue.put((due + wait_s, piece))
            if not data:
                return

    def spoil(
        self, direction: str, data: bytes, fault: Fault, chance: random.Random
    ) -> Iterable[bytes]:
        """What leaves instead of a chunk."""
        if chance.random() < fault.reset_share:
            self.reset("resets")
            return []
        if chance.random() < fault.corrupt_share:
            self.proxy.counts["corrupted"] += 1
            at = chance.randrange(len(data))
            return [data[:at] + bytes([data[at] ^ chance.randint(1, 255)]) + data[at + 1 :]]
        if direction == DOWN and chance.random() < fault.double_share:
            self.proxy.counts["doubled"] += 1
            return [data, data]
        return [data]

    async def write(self, direction: str, queue: asyncio.Queue[tuple[float, bytes]]) -> None:
        _, writer = self.ends[direction]
        last = 0.0
        while True:
            due, data = await queue.get()
            # Jitter delays a chunk beyond its successor, which then waits for it.
            last = max(last, due)
            await asyncio.sleep(max(0.0, last - time.monotonic()))
            await self.pass_hold(direction)
            if not data:
                with contextlib.suppress(OSError):
                    writer.write_eof()
                return
            # Before it is passed: whoever has got it finds it kept.
            self.proxy.keep(self.number, direction, data)
            writer.write(data)
            await writer.drain()
            self.proxy.counts[f"bytes_{direction}"] += len(data)
            self.bytes[direction] += len(data)
            if self.is_full(direction, writer):
                return

    async def pass_hold(self, direction: str) -> None:
        if direction in self.fault.hold:
            self.proxy.counts["held"] += 1
        while direction in self.fault.hold:
            await self.proxy.changed()

    def is_full(self, direction: str, writer: asyncio.StreamWriter) -> bool:
        """Whether the fault lets no more bytes pass; then it has ended what it ends."""
        fault = self.fault
        if fault.drop_after and self.bytes.total() >= fault.drop_after:
            self.proxy.counts["dropped"] += 1
            self.close()
            return True
        if fault.half_close_after and direction == UP:
            if self.bytes[UP] >= fault.half_close_after:
                self.proxy.counts["half_closed"] += 1
                writer.write_eof()
                return True
        return False


# --- One hop ------------------------------------------------------------------------------------


class Proxy:
    """Made by Network.add. set and clear may be called from any thread; counts may be read."""

    def __init__(self, network: Network, name: str, target: Callable[[], int]):
        self.network = network
        self.name = name
        self.seed = network.seed
        self.target = target
        self.port = 0
        self.faults: tuple[Fault, ...] = ()
        self.counts: Counter[str] = Counter()
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.server: asyncio.Server | None = None
        self.change = asyncio.Event()
        self.accepted = 0
        # Folder that gets a file with all bytes passed on, one a connection and direction.
        self.record: Path | None = None

    def set(self, *faults: Fault) -> None:
        """The first fault meant for a client holds for it."""
        self.network.call(self.apply, faults)

    def clear(self) -> None:
        self.set()

    def apply(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        if self.asks_who():
            self.network.tell_clients(self.connections)
        self.change.set()
        self.change = asyncio.Event()
        for connection in list(self.connections):
            if connection.fault.refuse:
                connection.reset("resets")

    def asks_who(self) -> bool:
        return any(fault.clients is not None for fault in self.faults)

    def fault_for(self, client: str | None) -> Fault:
        return next((fault for fault in self.faults if fault.meant_for(client)), HEALTHY)

    def keep(self, number: int, direction: str, data: bytes) -> None:
        if self.record is not None:
            with open(self.record / f"{self.name}-{number}-{direction}", "ab") as file:
                file.write(data)

    async def changed(self) -> None:
        await self.change.wait()

    async def listen(self, port: int) -> None:
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", port)
        self.port = self.server.sockets[0].getsockname()[1]

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        connection = Connection(self, self.accepted, {DOWN: (None, writer)})
        task = asyncio.create_task(self.serve(connection, reader))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def serve(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        try:
            await self.join(connection, reader)
        except (OSError, asyncio.TimeoutError):
            connection.reset("unreachable")
        finally:
            self.connections.discard(connection)
            connection.close()

    async def join(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        """Connects to the target and runs the connection to its end."""
        if self.asks_who():
            await self.network.learn_client(connection)
        if connection.fault.refuse:
            connection.reset("refused")
            return
        self.counts["connections"] += 1
        # A frozen host's kernel still accepts; its program does not see the connection.
        while connection.fault.hold == BOTH:
            await self.changed()
        there = await asyncio.wait_for(
            asyncio.open_connection("127.0.0.1", self.target()), CONNECT_S
        )
        _, writer = connection.ends[DOWN]
        connection.ends = {UP: (reader, there[1]), DOWN: (there[0], writer)}
        if self.asks_who():
            self.network.tell_clients([connection])
        self.connections.add(connection)
        if connection.fault.refuse:
            connection.reset("resets")
        await connection.run()


class Network:
    """The thread in which the proxies live; ends with the with-block."""

    def __init__(self, seed: int = 0, pids: Callable[[], dict[str, int]] = dict):
        self.seed = seed
        self.pids = pids  # the processes a client may be
        self.proxies: dict[str, Proxy] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self.started = threading.Event()
        self.ended: asyncio.Event | None = None
        self.thread = threading.Thread(target=lambda: asyncio.run(self.live()), daemon=True)
        # Connections whose clients are looked up together, and the look that comes.
        self.unknown: list[Connection] = []
        self.look: asyncio.Task[None] | None = None

    async def live(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.ended = asyncio.Event()
        self.started.set()
        await self.ended.wait()
        for proxy in self.proxies.values():
            proxy.server.close()

    def __enter__(self) -> Network:
        self.thread.start()
        self.started.wait()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()

    def add(
        self,
        name: str,
        target: int | Callable[[], int],
        port: int = 0,
        record: Path | None = None,
    ) -> Proxy:
        """A proxy on a port of its own in front of target; a callable is asked at each connection.
        record: folder that gets what passes."""
        ask = target if callable(target) else lambda: target
        proxy = Proxy(self, name, ask)
        proxy.record = record
        asyncio.run_coroutine_threadsafe(proxy.listen(port), self.loop).result()
        self.proxies[name] = proxy
        return proxy

    def call(self, function: Callable[..., None], *arguments: object) -> None:
        """Runs in the thread; returns when done."""

        async def run() -> None:
            function(*arguments)

        asyncio.run_coroutine_threadsafe(run(), self.loop).result()

    def clear(self) -> None:
        for proxy in self.proxies.values():
            proxy.clear()

    def tell_clients(self, connections: Iterable[Connection]) -> None:
        unknown = {each.ports(): each for each in connections if each.client is None}
        names = holders(set(unknown), self.pids()) if unknown else {}
        for ports, connection in unknown.items():
            connection.client = names.get(ports, "")

    async def learn_client(self, connection: Connection) -> None:
        """A look costs the same for one as for many, and too much for each of those that a refused
        client opens: with a look a connection the proxies themselves stood still."""
        self.unknown.append(connection)
        if self.look is None:
            self.look = asyncio.create_task(self.look_soon())
        await self.look

    async def look_soon(self) -> None:
        await asyncio.sleep(LOOK_S)
        unknown, self.unknown, self.look = self.unknown, [], None
        self.tell_clients(unknown)
