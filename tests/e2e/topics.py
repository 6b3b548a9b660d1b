"""An independent reader of Jembatan's topics: kcat brings the bytes, and the few fields needed are
taken out of them by hand, so that no code of the services stands between the log and the verdict.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from stage import Failure, Stage, expect

TTL_MS = 120_000
INTENTS = "jembatan.intents.v1"
OUTCOMES = "jembatan.outcomes.v1"
DEAD_LETTERS = "jembatan.deadletters.v1"
REJECTED = 3
UNCONFIRMED = 5
STATES = {1: "ORDERED", 2: "HANDED_OFF", 3: "REJECTED", 4: "EXPIRED"}


@dataclass(frozen=True)
class Record:
    partition: int
    offset: int
    append_ms: int
    key: bytes
    value: bytes


# kcat's choice of records. It finds the end of a topic only when nobody writes.
ALL = ("-o", "beginning", "-e")


def dump(brokers: str, topic: str, choice: tuple[str, ...] = ALL) -> list[Record]:
    """All records of a topic, or those chosen; within a partition in the order of offsets."""
    command = ["kcat", "-b", brokers, "-C", "-t", topic, *choice, "-q"]
    output = subprocess.run(
        [*command, "-f", "%p %o %T %K %S %k%s\n"], capture_output=True, check=True
    ).stdout
    records, at = [], 0
    while at < len(output):
        numbers = output[at : at + 120].split(b" ", 5)[:5]
        at += sum(len(number) + 1 for number in numbers)
        # An absent key or value has the length -1.
        partition, offset, append_ms, *sizes = map(int, numbers)
        key_size, size = (max(0, one) for one in sizes)
        key = output[at : at + key_size]
        value = output[at + key_size : at + key_size + size]
        records.append(Record(partition, offset, append_ms, key, value))
        at += key_size + size + 1
    return records


# --- Protobuf's wire format ---------------------------------------------------------------------


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data: bytes) -> dict[int, int | bytes]:
    """The last value of each field, as Protobuf has it for fields that are not repeated."""
    result: dict[int, int | bytes] = {}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            result[number], at = varint(data, at)
        elif wire == 2:
            size, at = varint(data, at)
            expect(at + size <= len(data), "a field runs over the end")
            result[number] = data[at : at + size]
            at += size
        else:
            raise Failure(f"wire type {wire} of field {number} is not in our contracts")
    return result


Key = tuple[bytes, str]


@dataclass(frozen=True)
class Intent:
    record: Record
    key: Key
    offer_id: str
    fingerprint: bytes

    @property
    def is_void(self) -> bool:
        """Appended after its deadline (protocol rule 1)."""
        deadline_ms = int(self.key[1].replace("-", "")[:12], 16) + TTL_MS
        return self.record.append_ms > deadline_ms


@dataclass(frozen=True)
class Final:
    key: Key
    fingerprint: bytes
    state: str
    order_id: bytes
    intent_offset: int


def read_intents(brokers: str) -> list[Intent]:
    intents = []
    for record in dump(brokers, INTENTS):
        message = fields(record.value)
        key = (message[2], message[1].decode())
        intents.append(Intent(record, key, message[3].decode(), message[15]))
    return intents


def read_finals(brokers: str) -> Iterator[Final]:
    """Finals that count: a token lower than the highest `open` before it makes a record void."""
    highest: dict[tuple[int, bytes], int] = {}
    for record in dump(brokers, OUTCOMES):
        message = fields(record.value)
        scope = (record.partition, message[2])
        token = message.get(1, 0)
        if 5 in message or token < highest.get(scope, 0):
            continue
        if 6 in message:
            highest[scope] = token
        if 4 not in message:
            continue
        outcome = fields(message[4])
        if outcome[4] != UNCONFIRMED:
            key = (outcome[2], outcome[1].decode())
            state = STATES[outcome[4]]
            order_id = outcome.get(6, b"")
            yield Final(key, outcome.get(11, b""), state, order_id, outcome.get(12, 0))


# --- The verdict --------------------------------------------------------------------------------


def judge(stage: Stage) -> tuple[list[Intent], list[dict]]:
    """P1, P2, P4 and P6 by the topics and the ledger alone; the intents and the ledger read."""
    intents = read_intents(stage.brokers)
    finals: dict[tuple[Key, bytes], Final] = {}
    for final in read_finals(stage.brokers):
        known = finals.setdefault((final.key, final.fingerprint), final)
        same = (known.state, known.order_id) == (final.state, final.order_id)
        expect(same, f"{final.key[1]}: two finals, {known.state} and {final.state}")
    for intent in intents:
        told = intent.is_void or (intent.key, intent.fingerprint) in finals
        expect(told, f"{intent.key[1]} at {intent.record.offset} is in the log without a final")

    rows: dict[Key, dict] = {}
    ledger = list(stage.ledger())
    for row in ledger:
        key = (bytes.fromhex(row["buyer_ref"]), row["intent_id"])
        expect(key not in rows, f"{row['intent_id']}: two results at the marketplace")
        rows[key] = row
    states = {key: row["state"] for key, row in rows.items()}
    for final in finals.values():
        ordered = final.state == "ORDERED"
        expect(
            ordered == (states.get(final.key) == "ORDERED"),
            f"{final.key[1]}: {final.state} in the log, {states.get(final.key)} in the ledger",
        )
    judge_order(intents, ledger)
    return intents, ledger


def judge_order(intents: list[Intent], ledger: list[dict]) -> None:
    """Orders of one offer take effect in the order of the log (P6, protocol rule 11)."""
    position: dict[Key, int] = {}
    for intent in intents:
        if not intent.is_void:
            lowest = position.get(intent.key, intent.record.offset)
            position[intent.key] = min(lowest, intent.record.offset)
    last: dict[str, int] = {}
    for row in ledger:
        if row["state"] != "ORDERED":
            continue
        key = (bytes.fromhex(row["buyer_ref"]), row["intent_id"])
        expect(key in position, f"{row['intent_id']} was ordered and is not in the log")
        offer = row["offer_id"]
        in_order = position[key] > last.get(offer, -1)
        expect(in_order, f"{row['intent_id']} of {offer} overtook another")
        last[offer] = position[key]
