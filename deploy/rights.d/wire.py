"""Kafka's protocol as far as rights need it: one connection that shows its credentials, and
requests built by hand. No package and no JVM is needed; and what a broker answers is seen as it
says it, error code by error code, with no client in between that tries again.

Blocking, with a time-out on everything. One thread.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")

TIMEOUT_S = 20
ANSWER_BYTES_MAX = 16 << 20
SCRAM_SHA_256 = 1
ITERATIONS = 4096

# Requests, by the numbers that the protocol gives them.
METADATA, SASL_HANDSHAKE, SASL_AUTHENTICATE, ALTER_SCRAM = 3, 17, 36, 51


class WireError(Exception):
    """The broker cannot be reached, refuses the credentials, or says what is not understood."""


# --- Bytes ----------------------------------------------------------------------------------------


def i8(value: int) -> bytes:
    return struct.pack(">b", value)


def i16(value: int) -> bytes:
    return struct.pack(">h", value)


def i32(value: int) -> bytes:
    return struct.pack(">i", value)


def i64(value: int) -> bytes:
    return struct.pack(">q", value)


def text(value: str | None) -> bytes:
    if value is None:
        return i16(-1)
    return i16(len(value.encode())) + value.encode()


def blob(value: bytes) -> bytes:
    return i32(len(value)) + value


def array(*items: bytes) -> bytes:
    return i32(len(items)) + b"".join(items)


def varint(value: int) -> bytes:
    """Unsigned, as the newer messages have it."""
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def compact(value: bytes) -> bytes:
    return varint(len(value) + 1) + value


class Reader:
    """An answer, taken apart from its beginning."""

    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if not 0 <= count <= len(self.data) - self.at:
            raise WireError("an answer ends too early")
        self.at += count
        return self.data[self.at - count:self.at]

    def i8(self) -> int:
        return struct.unpack(">b", self.take(1))[0]

    def i16(self) -> int:
        return struct.unpack(">h", self.take(2))[0]

    def i32(self) -> int:
        return struct.unpack(">i", self.take(4))[0]

    def i64(self) -> int:
        return struct.unpack(">q", self.take(8))[0]

    def text(self) -> str:
        """Null reads as empty."""
        return self.take(max(self.i16(), 0)).decode()

    def blob(self) -> bytes:
        return self.take(max(self.i32(), 0))

    def array(self, item: Callable[[], T]) -> list[T]:
        return [item() for _ in range(max(self.i32(), 0))]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def compact_text(self) -> str:
        return self.take(max(self.varint() - 1, 0)).decode()


# --- Credentials ----------------------------------------------------------------------------------


def read_properties(path: Path) -> dict[str, str]:
    """The file of a service's --kafka_config."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def salted(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)


def digest(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


class Scram:
    """The client's side of SCRAM-SHA-256 (RFC 5802)."""

    def __init__(self, user: str, password: str):
        self.password = password
        self.bare = f"n={user},r={secrets.token_urlsafe(18)}"
        self.first = b"n,," + self.bare.encode()
        self.expected = b""

    def final(self, server_first: bytes) -> bytes:
        said = dict(part.split("=", 1) for part in server_first.decode().split(","))
        if not said["r"].startswith(self.bare.split("r=", 1)[1]):
            raise WireError("the broker answers somebody else's handshake")
        key = salted(self.password, base64.b64decode(said["s"]), int(said["i"]))
        without_proof = f"c=biws,r={said['r']}"
        message = f"{self.bare},{server_first.decode()},{without_proof}".encode()
        client_key = digest(key, b"Client Key")
        signature = digest(hashlib.sha256(client_key).digest(), message)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        self.expected = digest(digest(key, b"Server Key"), message)
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def check(self, server_final: bytes) -> None:
        """The broker knows the password as well."""
        if server_final != b"v=" + base64.b64encode(self.expected):
            raise WireError("the broker does not know the password it asks for")


# --- The connection -------------------------------------------------------------------------------


class Connection:
    """To one broker, as one principal. properties: those of a service's --kafka_config."""

    def __init__(self, broker: str, properties: dict[str, str]):
        self.properties = properties
        self.count = 0
        host, _, port = broker.rpartition(":")
        protocol = properties.get("security.protocol", "PLAINTEXT").upper()
        try:
            self.socket = socket.create_connection((host, int(port)), TIMEOUT_S)
            if protocol.endswith("SSL"):
                self.socket = self.tls().wrap_socket(self.socket, server_hostname=host)
        except (OSError, ValueError) as error:
            raise WireError(f"{broker}: {error}") from error
        if protocol.startswith("SASL"):
            self.authenticate()

    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.properties.get("ssl.ca.location"))
        certificate = self.properties.get("ssl.certificate.location")
        if certificate:
            context.load_cert_chain(certificate, self.properties.get("ssl.key.location"))
        return context

    def authenticate(self) -> None:
        scram = Scram(self.properties["sasl.username"], self.properties["sasl.password"])
        error = self.call(SASL_HANDSHAKE, 1, text("SCRAM-SHA-256")).i16()
        if error:
            raise WireError(f"the broker takes no SCRAM-SHA-256: error {error}")
        scram.check(self.show(scram.final(self.show(scram.first))))

    def show(self, message: bytes) -> bytes:
        answer = self.call(SASL_AUTHENTICATE, 0, blob(message))
        error, why = answer.i16(), answer.text()
        if error:
            raise WireError(f"credentials of {self.properties['sasl.username']} refused: {why}")
        return answer.blob()

    def call(self, api: int, version: int, body: bytes, flexible: bool = False) -> Reader:
        """flexible: the version is one of those with compact fields and tags."""
        self.count += 1
        header = i16(api) + i16(version) + i32(self.count) + text("jembatan-rights")
        try:
            self.socket.sendall(blob(header + (b"\0" if flexible else b"") + body))
            size = Reader(self.receive(4)).i32()
            if not 4 <= size <= ANSWER_BYTES_MAX:
                raise WireError(f"an answer of {size} bytes")
            answer = Reader(self.receive(size))
        except OSError as error:
            raise WireError(f"the broker is gone: {error}") from error
        if answer.i32() != self.count:
            raise WireError("the broker answers out of turn")
        if flexible:
            answer.varint()
        return answer

    def receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise WireError("the broker hung up")
            data += part
        return data

    def brokers(self) -> dict[int, str]:
        """host:port by number."""
        answer = self.call(METADATA, 1, array())
        rows = answer.array(lambda: (answer.i32(), answer.text(), answer.i32(), answer.text()))
        return {number: f"{host}:{port}" for number, host, port, _rack in rows}

    def set_password(self, user: str, password: str) -> None:
        """Only what the password makes is sent, as SCRAM wants to keep it."""
        salt = secrets.token_bytes(24)
        change = (compact(user.encode()) + i8(SCRAM_SHA_256) + i32(ITERATIONS) + compact(salt)
                  + compact(salted(password, salt, ITERATIONS)) + b"\0")
        answer = self.call(ALTER_SCRAM, 0, varint(1) + varint(2) + change + b"\0", flexible=True)
        answer.i32()
        for _ in range(answer.varint() - 1):
            name, error, why = answer.compact_text(), answer.i16(), answer.compact_text()
            answer.varint()
            if error:
                raise WireError(f"credentials of {name}: error {error} {why}")

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
