"""Judges a cell by what viewers, log, marketplace and hop tell, whoever the peer is.

jembatan-ctl check-history says whether the promise held. This tells apart what a peer without any
promise does instead: what it lost, what it still owes, and for how long nothing happened.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TTL_MS = 120_000


@dataclass(frozen=True)
class Verdict:
    tapped: int  # distinct ids that viewers sent
    away: int  # of them, never told to be accepted: refused, or without an answer to the end
    lost: int  # accepted but not in the log, or passed over: nobody will answer any more
    owed: int  # in the log, without an answer when the cell ended, and not passed over
    doubled: int  # ids with two orders or two answers
    reordered: int  # orders that took effect behind a later one of their offer
    again: int  # orders sent to the marketplace for an id that had been sent before
    copies: int  # records of an id that the log had already
    # Longest time without a word to any viewer while one waits for the first; None: a bridge half.
    viewers_s: float | None
    orders_s: float  # longest time without a decision, up to the end if any is missing
    waited_s: float  # longest time from the log to a decision, the slow offer's left out


@dataclass(frozen=True)
class Facts:
    """What the harness knows besides the files."""

    committed: dict[int, int]  # partition -> the group's offset
    since_ms: int  # silences and waits count from here on: until then programs warm up
    ended_ms: int
    slow_offer: str = ""
    has_intake: bool = True  # the peer itself answers viewers


def lines(path: Path) -> list[dict]:
    """The objects of a file; what a killed writer left half is none."""
    rows = path.read_text().split("\n")[:-1] if path.exists() else []
    return [json.loads(row) for row in rows]


def judge(folder: Path, facts: Facts) -> Verdict:
    clients = lines(folder / "clients")
    log = [record for record in lines(folder / "intents") if "intent_id" in record]
    ledger = sorted(lines(folder / "ledger"), key=lambda row: row["seq"])
    orders = [row for row in ledger if row["state"] == "ORDERED"]
    finals = valid_finals(lines(folder / "outcomes"))
    passed = [row["id"] for row in lines(folder / "passed")]
    counted = [record for record in log if not is_void(record)]
    first = first_records(counted)
    tapped = {event["id"] for event in clients if event["e"] == "invoke"}
    accepted = {event["id"] for event in clients if event["e"] == "accepted"}
    answered = {final["intent_id"] for final in finals}
    unanswered = set(first) - answered
    owed = unanswered & awaited(counted, facts.committed)
    missing = accepted - {record["intent_id"] for record in log}
    return Verdict(
        tapped=len(tapped),
        away=len(tapped - accepted),
        lost=len(missing | (unanswered - owed)),
        owed=len(owed),
        doubled=len(doubled_orders(orders) | doubled_finals(finals)),
        reordered=reordered(orders, first),
        again=len(passed) - len(set(passed)),
        copies=len(log) - len({record["intent_id"] for record in log}),
        viewers_s=viewers_silence(clients, facts) if facts.has_intake else None,
        orders_s=orders_silence(ledger, facts, bool(unanswered)),
        waited_s=longest_wait(orders, first, facts),
    )


# --- The log ------------------------------------------------------------------------------------


def is_void(record: dict) -> bool:
    """Appended after its deadline: it counts for nothing (protocol rule 1)."""
    return record["append_ms"] > int(record["intent_id"].replace("-", "")[:12], 16) + TTL_MS


def place(record: dict) -> tuple[int, int]:
    return record["partition"], record["offset"]


def first_records(log: list[dict]) -> dict[str, dict]:
    """Of each id the record at the lowest place (protocol rule 11)."""
    first: dict[str, dict] = {}
    for record in log:
        known = first.setdefault(record["intent_id"], record)
        if place(record) < place(known):
            first[record["intent_id"]] = record
    return first


def awaited(log: list[dict], committed: dict[int, int]) -> set[str]:
    """Ids with a record that the group has not passed over."""
    return {r["intent_id"] for r in log if r["offset"] >= committed.get(r["partition"], 0)}


def valid_finals(outcomes: list[dict]) -> list[dict]:
    """Those that no higher open of their partition precedes; a peer without opens has token 0."""
    opened: dict[int, int] = defaultdict(int)
    finals = []
    for record in outcomes:
        partition, token = record["partition"], record["token"]
        if record["kind"] == "open":
            opened[partition] = max(opened[partition], token)
        elif record["kind"] == "final" and token >= opened[partition]:
            finals.append(record)
    return finals


# --- Harm ---------------------------------------------------------------------------------------


def twice(keys: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {key for key in keys if key in seen or seen.add(key)}


def doubled_orders(orders: list[dict]) -> set[str]:
    return twice(row["intent_id"] for row in orders)


def doubled_finals(finals: list[dict]) -> set[str]:
    return twice(i for i, _, _ in {(f["intent_id"], f["state"], f["order_id"]) for f in finals})


def reordered(orders: list[dict], first: dict[str, dict]) -> int:
    last: dict[str, tuple[int, int]] = {}
    count = 0
    for row in orders:
        if row["intent_id"] not in first:
            continue
        here = place(first[row["intent_id"]])
        count += here < last.get(row["offer_id"], here)
        last[row["offer_id"]] = max(here, last.get(row["offer_id"], here))
    return count


# --- Time ---------------------------------------------------------------------------------------


def longest_gap_s(times_ms: Iterable[int], since_ms: int) -> float:
    times = sorted([since_ms, *(time for time in times_ms if time > since_ms)])
    return max((b - a for a, b in zip(times, times[1:])), default=0) / 1000


def viewers_silence(clients: list[dict], facts: Facts) -> float:
    """Until everybody has had a word: whatever is said counts, PENDING too."""
    words = [event for event in clients if event["e"] not in ("invoke", "sample")]
    first: dict[str, int] = {}
    for word in words:
        first[word["id"]] = min(word["t"], first.get(word["id"], word["t"]))
    end = max(first.values(), default=0)
    return longest_gap_s((word["t"] for word in words if word["t"] <= end), facts.since_ms)


def orders_silence(ledger: list[dict], facts: Facts, waiting: bool) -> float:
    times = [row["decided_ms"] for row in ledger]
    return longest_gap_s([*times, facts.ended_ms] if waiting else times, facts.since_ms)


def longest_wait(orders: list[dict], first: dict[str, dict], facts: Facts) -> float:
    """Of what came into the log since then."""
    waits = [0]
    for row in orders:
        record = first.get(row["intent_id"])
        if record and row["offer_id"] != facts.slow_offer and record["append_ms"] >= facts.since_ms:
            waits.append(row["decided_ms"] - record["append_ms"])
    return max(waits) / 1000
