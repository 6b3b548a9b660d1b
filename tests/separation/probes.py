"""One question to a broker for every operation on every kind of resource: does it let this
principal do that? Each is a real request of Kafka's protocol, made so that it harms nothing where
it is allowed, and judged by the broker's own error code.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy/rights.d"))

from wire import Connection, Reader, array, blob, i8, i16, i32, i64, text  # noqa: E402

# Topic, group, cluster and transactional id "authorization failed".
DENIED = {29, 30, 31, 53}
# A coordinator that is loading, not there yet, or just elected: asked again.
BUSY = {14, 15, 16}
BUSY_S = 20
NO_TOPIC = "jembatan.unknown.v1"
A_TOPIC = "jembatan.intents.v1"
WAIT_MS = 5_000
NULL_ARRAY = i32(-1)
NO, YES = i8(0), i8(1)


@dataclass(frozen=True)
class Probe:
    """ask: sends the request about a name and tells the error code. allowed: the codes that only
    who has the right is told, 0 among them or not."""

    ask: Callable[[Connection, str], int]
    allowed: frozenset[int] = frozenset({0})

    def lets(self, cluster: Connection, name: str) -> bool | str:
        """What is wrong if the answer is neither yes nor no."""
        end = time.monotonic() + BUSY_S
        while (code := self.ask(cluster, name)) in BUSY - self.allowed and time.monotonic() < end:
            time.sleep(0.05)
        if code in DENIED:
            return False
        return True if code in self.allowed else f"error {code}"


def only(codes: list[int]) -> int:
    if len(codes) != 1:
        raise ValueError(f"one answer expected: {codes}")
    return codes[0]


# --- A record -------------------------------------------------------------------------------------


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def batch() -> bytes:
    """One record, with a key, because compacted topics want one. Lengths are zigzag."""
    record = i8(0) + bytes([0, 0, 2 * 5]) + b"probe" + bytes([2 * 5]) + b"probe" + bytes([0])
    record = bytes([2 * len(record)]) + record
    body = i16(0) + i32(0) + i64(0) + i64(0) + i64(-1) + i16(-1) + i32(-1) + i32(1) + record
    head = i32(-1) + i8(2) + crc32c(body).to_bytes(4, "big")
    return i64(0) + blob(head + body)


# --- Topics ---------------------------------------------------------------------------------------


def fetch(cluster: Connection, topic: str, replica: int = -1) -> int:
    part = i32(0) + i64(0) + i32(1024)
    body = (i32(replica) + i32(0) + i32(0) + i32(1024) + i8(0)
            + array(text(topic) + array(part)))
    answer = cluster.call(1, 4, body)
    answer.i32()

    def partition() -> int:
        answer.i32()
        code = answer.i16()
        answer.i64(), answer.i64()
        answer.array(lambda: (answer.i64(), answer.i64()))
        answer.blob()
        return code

    return only(answer.array(lambda: (answer.text(), only(answer.array(partition)))[1]))


def produce(cluster: Connection, topic: str) -> int:
    part = i32(0) + blob(batch())
    body = text(None) + i16(-1) + i32(WAIT_MS) + array(text(topic) + array(part))
    answer = cluster.call(0, 3, body)

    def partition() -> int:
        answer.i32()
        code = answer.i16()
        answer.i64(), answer.i64()
        return code

    return only(answer.array(lambda: (answer.text(), only(answer.array(partition)))[1]))


def describe_topic(cluster: Connection, topic: str) -> int:
    answer = cluster.call(3, 1, array(text(topic)))
    answer.array(lambda: (answer.i32(), answer.text(), answer.i32(), answer.text()))
    answer.i32()
    answer.i32()
    return answer.i16()


def create_topic(cluster: Connection, topic: str) -> int:
    body = text(topic) + i32(1) + i16(1) + array() + array()
    answer = cluster.call(19, 2, array(body) + i32(WAIT_MS) + YES)
    answer.i32()
    return only(answer.array(lambda: (answer.text(), answer.i16(), answer.text())[1]))


def delete_records(cluster: Connection, topic: str) -> int:
    body = array(text(topic) + array(i32(0) + i64(0))) + i32(WAIT_MS)
    answer = cluster.call(21, 0, body)
    answer.i32()

    def partition() -> int:
        answer.i32(), answer.i64()
        return answer.i16()

    return only(answer.array(lambda: (answer.text(), only(answer.array(partition)))[1]))


def alter_topic(cluster: Connection, topic: str) -> int:
    answer = cluster.call(37, 0, array(text(topic) + i32(1) + NULL_ARRAY) + i32(WAIT_MS) + YES)
    answer.i32()
    return only(answer.array(lambda: (answer.text(), answer.i16(), answer.text())[1]))


# --- Configurations -------------------------------------------------------------------------------

TOPIC, BROKER, GROUP = 2, 4, 32


def configs_of(answer: Reader) -> int:
    """The first resource's code."""
    answer.i32()
    answer.i32()
    return answer.i16()


def describe_configs(kind: int) -> Callable[[Connection, str], int]:
    def ask(cluster: Connection, name: str) -> int:
        return configs_of(cluster.call(32, 1, array(i8(kind) + text(name) + NULL_ARRAY) + NO))

    return ask


def alter_configs(kind: int, key: str, value: str) -> Callable[[Connection, str], int]:
    def ask(cluster: Connection, name: str) -> int:
        change = array(text(key) + i8(0) + text(value))
        return configs_of(cluster.call(44, 0, array(i8(kind) + text(name) + change) + YES))

    return ask


# --- Groups, the cluster, transactions ------------------------------------------------------------


def find_coordinator(cluster: Connection, group: str) -> int:
    """Makes the broker keep groups, if it has not begun to."""
    return cluster.call(10, 0, text(group)).i16()


def heartbeat(cluster: Connection, group: str) -> int:
    return cluster.call(12, 0, text(group) + i32(1) + text("nobody")).i16()


def committed(cluster: Connection, group: str) -> int:
    answer = cluster.call(9, 2, text(group) + array())
    answer.i32()
    return answer.i16()


def delete_group(cluster: Connection, group: str) -> int:
    answer = cluster.call(42, 0, array(text(group)))
    answer.i32()
    return only(answer.array(lambda: (answer.text(), answer.i16())[1]))


def describe_rights(cluster: Connection, _name: str) -> int:
    answer = cluster.call(29, 1, i8(1) + text(None) + i8(1) + text(None) * 2 + i8(1) + i8(1))
    answer.i32()
    return answer.i16()


def alter_rights(cluster: Connection, _name: str) -> int:
    """Takes back what nobody has."""
    whose = text("User:nobody") + text("*")
    nothing = i8(2) + text("no-such-topic") + i8(3) + whose + i8(3) + i8(3)
    answer = cluster.call(31, 1, array(nothing))
    answer.i32()
    answer.i32()
    return answer.i16()


def producer_id(cluster: Connection, transactional_id: str | None) -> int:
    answer = cluster.call(22, 0, text(transactional_id) + i32(WAIT_MS))
    answer.i32()
    return answer.i16()


# By kind of resource, then by operation.
PROBES: dict[str, dict[str, Probe]] = {
    "topic": {
        "Read": Probe(fetch),
        "Write": Probe(produce),
        "Describe": Probe(describe_topic),
        # It is there already.
        "Create": Probe(create_topic, frozenset({36})),
        # A compacted topic's records are not deleted.
        "Delete": Probe(delete_records, frozenset({0, 44})),
        # It cannot become smaller.
        "Alter": Probe(alter_topic, frozenset({37})),
        "DescribeConfigs": Probe(describe_configs(TOPIC)),
        "AlterConfigs": Probe(alter_configs(TOPIC, "retention.ms", "3600000")),
    },
    "group": {
        # No such member.
        "Read": Probe(heartbeat, frozenset({25})),
        "Describe": Probe(committed),
        # There is none of that name.
        "Delete": Probe(delete_group, frozenset({69})),
        "DescribeConfigs": Probe(describe_configs(GROUP)),
        "AlterConfigs": Probe(alter_configs(GROUP, "consumer.session.timeout.ms", "45000")),
    },
    "cluster": {
        "Create": Probe(lambda cluster, _name: create_topic(cluster, NO_TOPIC)),
        "Alter": Probe(alter_rights),
        "Describe": Probe(describe_rights),
        "DescribeConfigs": Probe(lambda cluster, _name: describe_configs(BROKER)(cluster, "1")),
        "AlterConfigs": Probe(
            lambda cluster, _name: alter_configs(BROKER, "log.cleaner.threads", "1")(cluster, "1")
        ),
        # Who may fetch as brokers do, is told that this one is no follower.
        "ClusterAction": Probe(
            lambda cluster, _name: fetch(cluster, A_TOPIC, replica=1), frozenset({6})
        ),
        "IdempotentWrite": Probe(lambda cluster, _name: producer_id(cluster, None)),
    },
    "transactional id": {
        "Write": Probe(producer_id, frozenset({0, 14, 15, 16})),
    },
}
