#!/usr/bin/env python3
"""Every fault of proxy.py, shown on an echo server."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from proxy import DOWN, FROZEN, REFUSED, UP, Fault, Network, Proxy, socket_inodes  # noqa: E402

PATIENCE_S = 10


def serve_echo(listener: socket.socket) -> None:
    """Sends back what comes, and says so when the client is done."""

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    connection.sendall(data)
                connection.sendall(b"<end>")
            except OSError:
                pass

    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


class ProxyTest(unittest.TestCase):
    def setUp(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=serve_echo, args=(self.listener,), daemon=True).start()
        self.network = Network(seed=1, pids=lambda: {"me": os.getpid()})
        self.network.__enter__()
        self.addCleanup(self.network.__exit__, None, None, None)
        self.addCleanup(self.listener.close)
        port = self.listener.getsockname()[1]
        self.proxy = self.network.add("echo", port)

    def connect(self, proxy: Proxy | None = None) -> socket.socket:
        port = (proxy or self.proxy).port
        connection = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.addCleanup(connection.close)
        return connection

    def read(self, connection: socket.socket, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = connection.recv(count - len(data))
            self.assertTrue(piece, f"the connection ended after {data!r}")
            data += piece
        return data

    def echo(self, connection: socket.socket, data: bytes = b"hello") -> bytes:
        connection.sendall(data)
        return self.read(connection, len(data))

    def assert_silent(self, connection: socket.socket, seconds: float = 0.2) -> None:
        connection.settimeout(seconds)
        with self.assertRaises(TimeoutError):
            connection.recv(1)
        connection.settimeout(PATIENCE_S)

    def test_a_healthy_hop_passes_bytes_and_the_end(self) -> None:
        connection = self.connect()
        self.assertEqual(self.echo(connection), b"hello")
        data = os.urandom(1 << 20)
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        self.assertEqual(self.read(connection, len(data)), data)
        sender.join()
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(self.read(connection, 5), b"<end>")
        self.assertEqual(connection.recv(1), b"")
        self.assertEqual(self.proxy.counts["bytes_up"], len(data) + 5)

    def test_a_recorder_keeps_what_passes_by_connection_and_direction(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            proxy = self.network.add(
                "recorded", self.listener.getsockname()[1], record=Path(folder))
            for said in (b"hello", b"again"):
                self.assertEqual(self.echo(self.connect(proxy), said), said)
            kept = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
        self.assertEqual(kept, {
            "recorded-1-up": b"hello", "recorded-1-down": b"hello",
            "recorded-2-up": b"again", "recorded-2-down": b"again",
        })

    def test_delay_and_jitter(self) -> None:
        self.proxy.set(Fault(delay_ms=100, jitter_ms=50))
        connection = self.connect()
        since = time.monotonic()
        self.assertEqual(self.echo(connection), b"hello")
        self.assertGreaterEqual(time.monotonic() - since, 0.2)
        self.assertGreaterEqual(self.proxy.counts["delayed"], 2)

    def test_a_delay_is_no_rate(self) -> None:
        self.proxy.set(Fault(delay_ms=200))
        connection = self.connect()
        since = time.monotonic()
        for _ in range(5):
            connection.sendall(b"x")
            time.sleep(0.02)
        self.assertEqual(self.read(connection, 5), b"xxxxx")
        self.assertLess(time.monotonic() - since, 1.0)

    def test_rate(self) -> None:
        self.proxy.set(Fault(bytes_per_s=50_000))
        connection = self.connect()
        since = time.monotonic()
        self.assertEqual(self.echo(connection, b"x" * 10_000), b"x" * 10_000)
        self.assertGreaterEqual(time.monotonic() - since, 0.2)

    def test_drop_after_some_bytes(self) -> None:
        self.proxy.set(Fault(drop_after=20))
        connection = self.connect()
        self.assertEqual(self.echo(connection), b"hello")
        self.assertEqual(self.echo(connection), b"hello")
        self.assertEqual(connection.recv(1), b"")
        self.assertEqual(self.proxy.counts["dropped"], 1)

    def test_reset(self) -> None:
        connection = self.connect()
        self.echo(connection)
        self.proxy.set(Fault(reset_share=1))
        connection.sendall(b"x")
        with self.assertRaises(ConnectionResetError):
            connection.recv(1)
        self.assertEqual(self.proxy.counts["resets"], 1)

    def test_refused(self) -> None:
        old = self.connect()
        self.echo(old)
        self.proxy.set(REFUSED)
        with self.assertRaises(ConnectionResetError):
            old.recv(1)
        with self.assertRaises(ConnectionResetError):
            self.connect().recv(1)
        self.proxy.clear()
        self.assertEqual(self.echo(self.connect()), b"hello")

    def test_half_close(self) -> None:
        self.proxy.set(Fault(half_close_after=5))
        connection = self.connect()
        self.assertEqual(self.echo(connection), b"hello")
        self.assertEqual(self.read(connection, 5), b"<end>")
        self.assertEqual(self.proxy.counts["half_closed"], 1)

    def test_frozen_holds_old_and_new_connections(self) -> None:
        old = self.connect()
        self.echo(old)
        self.proxy.set(FROZEN)
        old.sendall(b"late")
        new = self.connect()
        new.sendall(b"new")
        self.assert_silent(old)
        self.assert_silent(new)
        self.proxy.clear()
        self.assertEqual(self.read(old, 4), b"late")
        self.assertEqual(self.read(new, 3), b"new")
        self.assertGreaterEqual(self.proxy.counts["held"], 1)

    def test_one_direction_held(self) -> None:
        for direction, arrived in ((UP, 0), (DOWN, 4)):
            with self.subTest(direction):
                connection = self.connect()
                self.echo(connection)
                before = self.proxy.counts["bytes_up"]
                self.proxy.set(Fault(hold=frozenset((direction,))))
                connection.sendall(b"data")
                self.assert_silent(connection)
                self.assertEqual(self.proxy.counts["bytes_up"] - before, arrived)
                self.proxy.clear()
                self.assertEqual(self.read(connection, 4), b"data")

    def test_corrupted_byte(self) -> None:
        connection = self.connect()
        self.echo(connection)
        self.proxy.set(Fault(corrupt_share=0.5))
        for _ in range(50):
            if self.proxy.counts["corrupted"]:
                break
            answer = self.echo(connection)
        self.assertNotEqual(answer, b"hello")
        self.assertEqual(len(answer), 5)

    def test_doubled_reply(self) -> None:
        connection = self.connect()
        self.proxy.set(Fault(double_share=1))
        connection.sendall(b"once")
        self.assertEqual(self.read(connection, 8), b"onceonce")
        self.assertEqual(self.proxy.counts["doubled"], 1)

    def test_faults_for_some_clients_only(self) -> None:
        self.proxy.set(Fault(refuse=True, clients=frozenset(("somebody else",))))
        self.assertEqual(self.echo(self.connect()), b"hello")
        self.proxy.set(Fault(refuse=True, clients=frozenset(("me",))))
        with self.assertRaises(ConnectionResetError):
            self.connect().recv(1)

    def test_a_fault_for_some_reaches_connections_that_were_there(self) -> None:
        connection = self.connect()
        self.assertEqual(self.echo(connection), b"hello")
        self.proxy.set(Fault(refuse=True, clients=frozenset(("me",))))
        with self.assertRaises(ConnectionResetError):
            connection.recv(1)

    def test_a_crowd_of_refused_clients_is_looked_up_together(self) -> None:
        """With a look for each, a cut gateway's tries stopped the proxies of everybody."""
        looks = []
        self.network.pids = lambda: looks.append(1) or {"me": os.getpid()}
        self.proxy.set(Fault(refuse=True, clients=frozenset(("me",))))
        crowd = [self.connect() for _ in range(100)]
        for each in crowd:
            with self.assertRaises(ConnectionResetError):
                each.recv(1)
        self.assertEqual(self.proxy.counts["refused"], len(crowd))
        self.assertLess(len(looks), len(crowd) / 4)

    def test_two_sockets_on_one_port_are_told_apart(self) -> None:
        """A client taken for somebody else came through a cut."""
        servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        peers = [server.getsockname()[1] for server in servers]
        sockets = [socket.socket() for _ in range(2)]
        port = 0
        for each in sockets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind(("127.0.0.1", port))
            port = each.getsockname()[1]
        for each, peer in zip(sockets, peers):
            each.connect(("127.0.0.1", peer))
        for each, peer in zip(sockets, peers):
            inode = str(os.fstat(each.fileno()).st_ino)
            self.assertEqual(socket_inodes({(port, peer)}), {inode: (port, peer)})
        for each in (*sockets, *servers):
            each.close()

    def test_nobody_behind_it(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        proxy = self.network.add("nobody", port)
        with self.assertRaises(ConnectionResetError):
            self.connect(proxy).recv(1)
        self.assertEqual(proxy.counts["unreachable"], 1)


if __name__ == "__main__":
    unittest.main()
