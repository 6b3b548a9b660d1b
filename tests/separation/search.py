"""Canaries: strings that occur nowhere else, and the search that finds one in any bytes.

All canaries of a run begin with one random mark, so that one search finds every one of them; what
follows the mark tells which field it was put into. A canary is hexadecimal digits throughout: no
escape of URLs, JSON or SQL changes it.
"""

from __future__ import annotations

import base64
import itertools
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARK_DIGITS = 20
# Which field, and which canary of the run.
FIELD_DIGITS = 4
SERIAL_DIGITS = 8
# Of a file that is looked at together; the next piece begins before its end.
PIECE_BYTES = 64 << 20
OVERLAP_BYTES = 4096

# HPACK's code of each digit (RFC 7541, appendix B): gRPC compresses headers by it.
HUFFMAN = dict(zip("012ace3456789bdf", (
    "00000", "00001", "00010", "00011", "00100", "00101", "011001", "011010", "011011", "011100",
    "011101", "011110", "011111", "100011", "100100", "100101")))


@dataclass(frozen=True)
class Hit:
    """Where a canary was seen, how it was written, and the field it was put into, if readable."""

    place: str
    form: str
    field: str


class Canaries:
    """Makes canaries, each for a field, and knows them again. Any thread."""

    def __init__(self) -> None:
        self.mark = secrets.token_hex(MARK_DIGITS // 2)
        self.lock = threading.Lock()
        self.numbers: dict[str, int] = {}
        self.serial = itertools.count()

    def new(self, field: str) -> str:
        number = self.numbers.get(field)
        if number is None:
            with self.lock:
                number = self.numbers.setdefault(field, len(self.numbers))
        return f"{self.mark}{number:0{FIELD_DIGITS}x}{next(self.serial):0{SERIAL_DIGITS}x}"

    def field_of(self, canary: str) -> str:
        number = int(canary[MARK_DIGITS : MARK_DIGITS + FIELD_DIGITS], 16)
        return next((name for name, each in self.numbers.items() if each == number), "?")


def base64_forms(mark: bytes) -> Iterator[bytes]:
    """What is left of the mark's encoding whatever stands before and behind it."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + mark)
        whole = len(b"\0" * before + mark) // 3 * 4
        yield encoded[4 if before else 0 : whole]


def huffman_forms(mark: str) -> Iterator[bytes]:
    """The whole bytes of the mark's code, for each bit it can begin at."""
    bits = "".join(HUFFMAN[digit] for digit in mark)
    for skipped in range(8):
        whole = (len(bits) - skipped) // 8 * 8
        part = bits[skipped : skipped + whole]
        yield bytes(int(part[at : at + 8], 2) for at in range(0, whole, 8))


def forms(mark: str) -> dict[str, list[bytes]]:
    """Every way in which the mark may be written, by its name."""
    raw = mark.encode()
    return {
        "plain": [raw],
        "upper case": [mark.upper().encode()],
        "hexadecimal": [raw.hex().encode(), raw.hex().upper().encode()],
        "packed": [bytes.fromhex(mark)],
        "base64": list(base64_forms(raw)),
        "hpack": list(huffman_forms(mark)),
        "utf-16": [mark.encode("utf-16-le"), mark.encode("utf-16-be")],
        "reversed": [raw[::-1]],
    }


class Search:
    """Looks for a run's canaries."""

    def __init__(self, canaries: Canaries):
        self.canaries = canaries
        self.forms = forms(canaries.mark)
        digits = f"[0-9a-f]{{{FIELD_DIGITS + SERIAL_DIGITS}}}".encode()
        self.readable = re.compile(canaries.mark.encode() + digits)

    def in_bytes(self, place: str, data: bytes) -> Iterator[Hit]:
        """At most one hit for each form."""
        for form, patterns in self.forms.items():
            if not any(pattern in data for pattern in patterns):
                continue
            found = self.readable.search(data)
            yield Hit(place, form, self.canaries.field_of(found[0].decode()) if found else "?")

    def in_file(self, path: Path, place: str) -> Iterator[Hit]:
        with open(path, "rb") as file:
            tail = b""
            while piece := file.read(PIECE_BYTES):
                # A broker's index files are megabytes of nothing.
                yield from self.in_bytes(place, (tail + piece).rstrip(b"\0") + b"\0")
                tail = piece[-OVERLAP_BYTES:]


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
