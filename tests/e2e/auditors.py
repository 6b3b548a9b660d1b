"""A second opinion on the auditors' ledgers: RFC 6962 by hashlib over what an independent reader
finds in the topics, so that no code of ours stands between the log and the verdict.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass

import topics
from stage import Failure, Stage, expect, get, say, wait_for

TOPICS = (
    "jembatan.controls.v1",
    "jembatan.deadletters.v1",
    "jembatan.intents.v1",
    "jembatan.offers.v1",
    "jembatan.orderstates.v1",
    "jembatan.outcomes.v1",
)
Log = tuple[str, int]


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_of(topic: str, record: topics.Record) -> bytes:
    digest = sha256(struct.pack(">I", len(record.key)), record.key, record.value)
    name = topic.encode()
    place = struct.pack(">Iqq", record.partition, record.offset, record.append_ms)
    return sha256(b"\0\1", bytes([len(name)]), name, place, digest)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1", left, right)


def root_of(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1."""
    if not leaves:
        return sha256()
    while len(leaves) > 1:
        pairs = [node(*leaves[i : i + 2]) for i in range(0, len(leaves) - 1, 2)]
        leaves = pairs + leaves[len(leaves) & ~1 :]
    return leaves[0]


def root_of_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.3.2; the caller compares."""
    last, result = size - 1, leaf
    for sibling in proof:
        expect(last > 0, "an inclusion proof is too long")
        if index & 1 or index == last:
            result = node(sibling, result)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            result = node(result, sibling)
        index, last = index >> 1, last >> 1
    expect(last == 0, "an inclusion proof is too short")
    return result


@dataclass(frozen=True)
class Head:
    begin_offset: int
    next_offset: int
    size: int
    root: bytes


def ask(stage: Stage, name: str, target: str) -> dict:
    status, body = get(stage.admin_ports[name], target)
    if status != 200:
        raise Failure(f"{name} answers {target} with {status}: {body!r}")
    return json.loads(body)


def hashes(texts: list[str]) -> list[bytes]:
    return [base64.b64decode(text, validate=True) for text in texts]


def heads(stage: Stage, name: str) -> dict[Log, Head]:
    """Of the last seal, whose place under the last checkpoint is checked."""
    answer = ask(stage, name, "/seal")
    checkpoint = answer["checkpoint"].split("\n")
    leaf = sha256(b"\0", answer["seal"].encode())
    root = root_of_inclusion(leaf, answer["number"], answer["in_size"], hashes(answer["proof"]))
    expect(checkpoint[:2] == [name, str(answer["in_size"])], f"{name}: {checkpoint}")
    expect(base64.b64decode(checkpoint[2]) == root, f"{name}: the seal is not in the checkpoint")
    found = {}
    for line in answer["seal"].splitlines()[2:]:
        topic, partition, begin, following, size, root_text = line.split(" ")
        found[topic, int(partition)] = Head(
            int(begin), int(following), int(size), base64.b64decode(root_text)
        )
    return found


def start(stage: Stage, name: str) -> None:
    stage.service(
        name,
        "jembatan-auditor",
        brokers=stage.brokers,
        ledger=stage.folder / name,
        name=name,
        checkpoint_interval_s=1,
    )


def judge(stage: Stage, names: list[str]) -> None:
    """Every auditor has sealed exactly what the topics hold, and found no breach."""
    records = {topic: topics.dump(stage.brokers, topic) for topic in TOPICS}
    leaves: dict[Log, list[bytes]] = {}
    for topic, found in records.items():
        for record in found:
            leaves.setdefault((topic, record.partition), []).append(leaf_of(topic, record))
    total = sum(map(len, leaves.values()))
    for name in names:
        wait_for(
            f"{name} has sealed {total} records",
            lambda n=name: sum(head.size for head in heads(stage, n).values()) >= total,
        )
        for log, head in heads(stage, name).items():
            expected = leaves.get(log, [])
            expect(head.size == len(expected), f"{name} {log}: {head.size} of {len(expected)}")
            expect(head.root == root_of(expected), f"{name} {log}: another root")
        breaches = stage.metric(name, "jembatan_auditor_breaches_total")
        expect(breaches == 0, f"{name} counts {breaches:.0f} breaches of the promise")
        prove_some(stage, name, records["jembatan.outcomes.v1"])
    say(f"{len(names)} auditors agree on {total} records with the topics and with hashlib")


def prove_some(stage: Stage, name: str, found: list[topics.Record]) -> None:
    sealed = heads(stage, name)
    for record in found[:: max(1, len(found) // 50)]:
        topic = "jembatan.outcomes.v1"
        target = f"/log/inclusion?topic={topic}&partition={record.partition}"
        answer = ask(stage, name, f"{target}&offset={record.offset}")
        root = root_of_inclusion(
            leaf_of(topic, record), answer["index"], answer["size"], hashes(answer["proof"])
        )
        head = sealed[topic, record.partition]
        expect(answer["size"] == head.size, "the proof is for another size")
        place = f"{topic} {record.partition}/{record.offset}"
        expect(root == head.root, f"{name}: {place} is not proven")
