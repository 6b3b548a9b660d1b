"""The most careless video app there could be: it sends what it knows of its viewers and of their
money along with every tap, wherever a client can put it: in fields that no contract has, in claims
of its tokens, in headers, in addresses, in the room's name.

Protocols are written by hand here: no library would send what these do.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from search import Canaries
from stage import PRICE_MINOR, expect

PROFILE = (
    "viewer_id", "display_name", "full_name", "email", "phone", "postal_address", "national_id",
    "birthday", "gender", "interests", "watch_history", "followers", "location", "device_id",
    "ip_address", "user_agent", "contacts", "messages",
)
PAYMENT = (
    "payment_method", "card_number", "card_expiry", "card_cvv", "card_holder", "wallet_token",
    "bank_account", "virtual_account", "paid_amount", "billing_address", "pin", "otp",
)
CLAIMS = (
    "jti", "name", "given_name", "preferred_username", "nickname", "picture", "email",
    "phone_number", "birthdate", "locale", "nik", "interests", "watch_history", "card_number",
    "wallet_token", "payment_method",
)
HEADERS = (
    "user-agent", "cookie", "referer", "x-forwarded-for", "x-real-ip", "forwarded", "via",
    "x-device-id", "x-display-name", "x-phone", "x-card-number", "x-payment-token",
    "tracestate", "baggage", "x-request-id", "from",
)
# The first of the field numbers, used by no contract.
UNKNOWN = 200
TOKEN_S = 3600
WAIT_S = 60
# A receipt's status, an outcome's state.
ACCEPTED, PENDING, REFUSED = 1, 2, 3
FINAL = (1, 2, 3, 4)


# --- Messages -----------------------------------------------------------------------------------


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0

    def read() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while at < len(data):
        tag = read()
        if tag & 7 == 0:
            yield tag >> 3, read()
        else:
            expect(tag & 7 == 2, f"wire type {tag & 7} from the gateway")
            size = read()
            yield tag >> 3, data[at : at + size]
            at += size


def new_id() -> str:
    """A UUIDv7 (RFC 9562)."""
    high = int(time.time() * 1000) << 16 | 7 << 12 | secrets.randbits(12)
    digits = f"{high << 64 | 2 << 62 | secrets.randbits(62):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class Gossip:
    """Fills messages with canaries and counts the fields that no contract has."""

    def __init__(self, canaries: Canaries):
        self.canaries = canaries
        self.unknown = 0

    def fields(self, where: str, names: tuple[str, ...]) -> bytes:
        self.unknown += len(names)
        return b"".join(
            text(UNKNOWN + i, self.canaries.new(f"{where}.{name}")) for i, name in enumerate(names))

    def intent(self, intent_id: str, offer_id: str) -> bytes:
        price = text(1, "IDR") + number(2, PRICE_MINOR) + self.fields("price_seen", PAYMENT[:2])
        clock = number(1, int(time.time())) + self.fields("client_time", PROFILE[:2])
        return (
            text(1, intent_id) + text(2, offer_id) + number(3, 1) + text(4, price)
            + text(6, self.canaries.new("intent.room_id")) + text(11, clock)
            + self.fields("intent", PROFILE + PAYMENT))

    def submission(self, intent_id: str, offer_id: str) -> bytes:
        """A SubmitIntentRequest."""
        return text(1, self.intent(intent_id, offer_id)) + self.fields("submit", PROFILE + PAYMENT)

    def headers(self, where: str) -> dict[str, str]:
        return {name: self.canaries.new(f"{where}.{name}") for name in HEADERS}

    def query(self) -> str:
        return "?" + "&".join(
            f"{name}={self.canaries.new(f'query.{name}')}" for name in ("phone", "card_number"))

    def token(self, key: Path, viewer: str) -> str:
        """Signed as the app's own issuer would; viewer and claims are canaries."""
        claims = {name: self.canaries.new(f"claim.{name}") for name in CLAIMS}
        claims["address"] = {"formatted": self.canaries.new("claim.address")}
        claims |= {
            "sub": viewer, "iss": "https://app.example", "aud": "jembatan", "region": "ID",
            "exp": int(time.time()) + TOKEN_S, "shop_consent": True, "shop_consent_version": "1",
        }
        parts = [{"alg": "EdDSA", "typ": "JWT", "kid": "dev"}, claims]
        signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        file = key.with_name("to-sign")
        file.write_text(signed)
        command = ["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", file]
        signature = subprocess.run(command, capture_output=True, check=True).stdout
        return f"{signed}.{base64url(signature)}"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# --- WebSocket: the many ------------------------------------------------------------------------


class Socket:
    """A WebSocket of binary messages, with careless headers."""

    def __init__(self, port: int, token: str, gossip: Gossip):
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT_S)
        self.buffer = b""
        headers = {
            "Host": f"127.0.0.1:{port}", "Connection": "Upgrade", "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Protocol": "jembatan.v1.proto, " + gossip.canaries.new("subprotocol"),
            "Authorization": f"Bearer {token}", **gossip.headers("websocket"),
        }
        lines = [f"GET /v1/stream{gossip.query()} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self.buffer:
            self.receive()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        expect(head.startswith(b"HTTP/1.1 101"), f"no WebSocket: {head[:200]!r}")

    def receive(self) -> None:
        data = self.socket.recv(1 << 16)
        expect(bool(data), "the gateway closed the connection")
        self.buffer += data

    def send(self, data: bytes, opcode: int = 2) -> None:
        # A mask of zeros is a mask, and spares the work.
        size = len(data)
        if size < 126:
            head = struct.pack(">BB", 0x80 | opcode, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack(">BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack(">BBQ", 0x80 | opcode, 0x80 | 127, size)
        self.socket.sendall(head + bytes(4) + data)

    def take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self.receive()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def message(self) -> bytes:
        """The next binary message; pings are answered."""
        while True:
            first, second = self.take(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", self.take(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", self.take(8))
            data = self.take(size)
            expect(first & 0x80 != 0, "the gateway fragments")
            if first & 0x0F == 2:
                return data
            expect(first & 0x0F == 9, f"the gateway sent {first:#x} {data!r}")
            self.send(data, 10)


class Tapper(threading.Thread):
    """One viewer who taps `count` times, a frame at a time, and waits for every outcome."""

    FRAME = 64

    def __init__(self, port: int, token: str, gossip: Gossip, offers: list[str], count: int):
        super().__init__(daemon=True)
        self.gossip = gossip
        self.offers = offers
        self.count = count
        self.port = port
        self.token = token
        self.accepted = 0
        self.ordered: list[str] = []
        self.decided: set[str] = set()
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self.tap(Socket(self.port, self.token, self.gossip))
        except Exception as error:  # noqa: BLE001: told by whoever joins
            self.failure = error

    def tap(self, connection: Socket) -> None:
        while self.accepted < self.count:
            wanted = {new_id() for _ in range(min(self.FRAME, self.count - self.accepted))}
            self.send(connection, wanted)
            # What was refused for now is sent again, id and all.
            while wanted:
                again = self.receipts(connection, wanted)
                if again:
                    time.sleep(0.2)
                    self.send(connection, again)
        while len(self.decided) < self.accepted:
            self.look(connection.message())

    def send(self, connection: Socket, ids: set[str]) -> None:
        frame = b"".join(
            text(1, self.gossip.intent(each, self.offers[int(each[-4:], 16) % len(self.offers)]))
            for each in ids)
        frame += text(3, self.gossip.canaries.new("frame.watch_room_ids"))
        connection.send(frame + self.gossip.fields("frame", PROFILE + PAYMENT))

    def receipts(self, connection: Socket, wanted: set[str]) -> set[str]:
        """Reads until each has its receipt; the ids refused for now. Takes out the accepted."""
        waiting, again = set(wanted), set()
        while waiting:
            for intent_id, status in self.look(connection.message()):
                if status == ACCEPTED:
                    self.accepted += intent_id in wanted
                    wanted.discard(intent_id)
                elif status == REFUSED:
                    again.add(intent_id)
                if status != PENDING:
                    waiting.discard(intent_id)
        return again & wanted

    def look(self, frame: bytes) -> list[tuple[str, int]]:
        """The receipts of a frame; outcomes are kept."""
        receipts = []
        for field, value in fields(frame):
            if field == 1:
                receipt = dict(fields(value))
                receipts.append((receipt[1].decode(), receipt[2]))
            elif field == 2:
                outcome = dict(fields(value))
                intent_id = outcome[1].decode()
                if outcome[2] in FINAL:
                    self.decided.add(intent_id)
                if outcome[2] == 1:
                    self.ordered.append(intent_id)
        return receipts


# --- HTTP and gRPC: the few ---------------------------------------------------------------------

SUBMIT = "/jembatan.intake.v1.IntakeService/SubmitIntent"
ASK = "/jembatan.intake.v1.IntakeService/GetOutcomes"


def post(port: int, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    try:
        connection.request("POST", target, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def until_accepted(what: str, tap: Callable[[], bytes]) -> None:
    """The same id again, as long as the log has not said so; a busy machine is slow at first."""
    end = time.monotonic() + WAIT_S
    while True:
        receipt = dict(fields(dict(fields(tap()))[1]))
        if receipt.get(2) == ACCEPTED:
            return
        expect(time.monotonic() < end, f"{what}: {receipt}")
        time.sleep(0.2)


def by_http(port: int, token: str, gossip: Gossip, offer: str) -> None:
    """A tap in binary, one in JSON, one in JSON that says too much, and a question."""
    def call(target: str, kind: str, body: bytes) -> tuple[int, bytes]:
        headers = {**gossip.headers("http"), "Content-Type": f"application/{kind}",
                   "Authorization": f"Bearer {token}"}
        return post(port, target + gossip.query(), body, headers)

    intent_id = new_id()

    def tap() -> bytes:
        request = gossip.submission(intent_id, offer)
        status, body = call(SUBMIT, "proto", request)
        expect(status == 200, f"HTTP in binary: {status} {body!r}")
        return body

    until_accepted("HTTP in binary", tap)
    intent = {"intentId": new_id(), "offerId": offer, "quantity": 1,
              "priceSeen": {"currency": "IDR", "amountMinor": str(PRICE_MINOR)},
              "roomId": gossip.canaries.new("json.roomId")}
    status, body = call(SUBMIT, "json", json.dumps({"intent": intent}).encode())
    expect(status == 200 and b"STATUS_REFUSED" not in body, f"HTTP in JSON: {status} {body!r}")

    for name in ("cardNumber", gossip.canaries.new("json.name")):
        told = {**intent, "intentId": new_id(), name: gossip.canaries.new("json.unknown")}
        status, body = call(SUBMIT, "json", json.dumps({"intent": told}).encode())
        expect(status == 400, f"JSON that says too much: {status} {body!r}")

    query = {"intentId": gossip.canaries.new("query.intent"), "offerId": offer}
    status, body = call(ASK, "json", json.dumps({"queries": [query]}).encode())
    expect(status == 200, f"a question about a canary: {status} {body!r}")


def by_grpc(port: int, token: str, gossip: Gossip, offer: str, folder: Path) -> None:
    """A tap by gRPC: curl speaks its HTTP/2, with headers of our own."""
    intent_id = new_id()
    request = folder / "grpc-request"
    headers = {**gossip.headers("grpc"), "authorization": f"Bearer {token}", "te": "trailers",
               "content-type": "application/grpc"}
    command = ["curl", "--silent", "--show-error", "--http2-prior-knowledge", "--max-time", "30",
               "--data-binary", f"@{request}", f"http://127.0.0.1:{port}{SUBMIT}"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]

    def tap() -> bytes:
        message = gossip.submission(intent_id, offer)
        request.write_bytes(struct.pack(">BI", 0, len(message)) + message)
        reply = subprocess.run(command, capture_output=True, check=True).stdout
        expect(len(reply) > 5, f"gRPC: {reply!r}")
        return reply[5:]

    until_accepted("gRPC", tap)


def tap_many(
    ports: list[int], token_of: Callable[[int], str], gossips: list[Gossip], offers: list[str],
    count: int,
) -> list[Tapper]:
    """As many viewers as there are gossips, together `count` taps; every outcome has come."""
    tappers = []
    for viewer, gossip in enumerate(gossips):
        share = count // len(gossips) + (viewer < count % len(gossips))
        port = ports[viewer % len(ports)]
        tappers.append(Tapper(port, token_of(viewer), gossip, offers, share))
    for tapper in tappers:
        tapper.start()
    for tapper in tappers:
        tapper.join()
        if tapper.failure is not None:
            raise tapper.failure
    return tappers
