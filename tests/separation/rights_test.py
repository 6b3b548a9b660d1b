#!/usr/bin/env python3
"""Tests deploy/rights' parts without a Kafka: the table's reader, the handshake by the RFC's own
example, the bytes of the protocol, and that the committed table keeps to what it says of itself."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy/rights.d"))

from table import Acl, AclError, read_table  # noqa: E402
from wire import Reader, Scram, WireError, array, compact, text, varint  # noqa: E402

# RFC 7677, section 3.
NONCE = "rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = (f"r={NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").encode()
CLIENT_FINAL = (f"c=biws,r={NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").encode()
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def scram() -> Scram:
    handshake = Scram("user", "pencil")
    handshake.bare = f"n=user,r={NONCE}"
    return handshake


class ScramTest(unittest.TestCase):
    def test_the_rfcs_example(self) -> None:
        handshake = scram()
        self.assertEqual(handshake.final(SERVER_FIRST), CLIENT_FINAL)
        handshake.check(SERVER_FINAL)

    def test_a_broker_that_does_not_know_the_password_is_found_out(self) -> None:
        handshake = scram()
        handshake.final(SERVER_FIRST)
        with self.assertRaises(WireError):
            handshake.check(SERVER_FINAL.replace(b"6r", b"7r"))

    def test_an_answer_to_another_nonce_is_refused(self) -> None:
        with self.assertRaises(WireError):
            scram().final(SERVER_FIRST.replace(b"r=rO", b"r=xO"))


class WireTest(unittest.TestCase):
    def test_what_is_written_is_read(self) -> None:
        reader = Reader(array(text("a"), text(None)) + varint(300) + compact(b"b"))
        self.assertEqual(reader.array(reader.text), ["a", ""])
        self.assertEqual(reader.varint(), 300)
        self.assertEqual(reader.compact_text(), "b")
        with self.assertRaises(WireError):
            reader.i8()


class TableTest(unittest.TestCase):
    def read(self, rows: str) -> set[Acl]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "acls.txt"
            path.write_text(rows)
            return read_table(path)

    def test_rows(self) -> None:
        acls = self.read("# who\n\nbridge Read group jembatan-bridge\n")
        self.assertEqual(acls, {Acl("bridge", "Read", "group", "jembatan-bridge")})

    def test_a_bad_row_is_named_with_its_line(self) -> None:
        good = "bridge Read group g\n"
        for rows in ("bridge Read group\n", "bridge Reed group g\n", "bridge Read grupp g\n", good):
            with self.assertRaisesRegex(AclError, ":2: "):
                self.read(good + rows)
        with self.assertRaises(AclError):
            self.read("# nobody\n")

    def test_the_committed_table_grants_nothing_that_it_says_nobody_has(self) -> None:
        for acl in read_table(ROOT / "deploy/rights.d/acls.txt"):
            self.assertNotEqual(acl.resource, "cluster", str(acl))
            self.assertNotIn(acl.operation, ("Delete", "Alter", "AlterConfigs"), str(acl))
            if acl.principal == "auditor":
                self.assertIn(acl.operation, ("Read", "DescribeConfigs"), str(acl))
                self.assertEqual(acl.resource, "topic", str(acl))


if __name__ == "__main__":
    unittest.main()
