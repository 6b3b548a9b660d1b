#!/usr/bin/env python3
"""A canary is found however it is written and wherever it stands, and nothing else is."""

from __future__ import annotations

import base64
import secrets
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import search  # noqa: E402
from search import HUFFMAN, Canaries, Search  # noqa: E402


def huffman(text: str, first_bit: int) -> bytes:
    bits = "1" * first_bit + "".join(HUFFMAN[digit] for digit in text)
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


class SearchTest(unittest.TestCase):
    def setUp(self) -> None:
        self.canaries = Canaries()
        self.search = Search(self.canaries)
        self.canary = self.canaries.new("card_number")

    def found(self, data: bytes) -> set[str]:
        return {hit.form for hit in self.search.in_bytes("here", data)}

    def test_every_form_is_found(self) -> None:
        canary = self.canary
        written = {
            "plain": canary.encode(),
            "upper case": canary.upper().encode(),
            "hexadecimal": canary.encode().hex().encode(),
            "packed": bytes.fromhex(canary),
            "utf-16": canary.encode("utf-16-le"),
            "reversed": canary[::-1].encode(),
        }
        for form, data in written.items():
            for before in (b"", b"x", secrets.token_bytes(1000)):
                self.assertIn(form, self.found(before + data + b"behind"), form)

    def test_base64_is_found_at_every_offset(self) -> None:
        for before in range(7):
            text = b"b" * before + self.canary.encode() + b"behind"
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                self.assertEqual(self.found(b"ey" + encode(text)), {"base64"})

    def test_a_compressed_header_is_found_at_every_bit(self) -> None:
        for bit in range(8):
            self.assertEqual(self.found(b"\0\0" + huffman(self.canary, bit) + b"\0"), {"hpack"})

    def test_hpack_agrees_with_the_standards_example(self) -> None:
        # RFC 7541, C.6.1 and C.6.2: status codes, digits alone.
        self.assertEqual(huffman("302", 0), bytes.fromhex("6402"))
        self.assertEqual(huffman("307", 0), bytes.fromhex("640eff"))

    def test_what_is_no_canary_is_not_found(self) -> None:
        other = Canaries().new("card_number")
        self.assertEqual(self.found(b""), set())
        self.assertEqual(self.found(other.encode() + secrets.token_bytes(100_000)), set())

    def test_a_hit_names_the_field(self) -> None:
        self.canaries.new("email")
        second = self.canaries.new("phone")
        hits = list(self.search.in_bytes("log", b"a" + second.encode() + b"b"))
        self.assertEqual([(hit.place, hit.form, hit.field) for hit in hits],
                         [("log", "plain", "phone")])

    def test_one_across_two_pieces_of_a_file_is_found(self) -> None:
        search.PIECE_BYTES, kept = 1000, search.PIECE_BYTES
        self.addCleanup(setattr, search, "PIECE_BYTES", kept)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            for before in range(970, 1001):
                path.write_bytes(b"-" * before + self.canary.encode() + b"-" * 500)
                self.assertTrue(list(self.search.in_file(path, "file")), before)


if __name__ == "__main__":
    unittest.main()
