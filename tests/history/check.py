"""A second opinion on histories: the oracles of libs/history/check.h once more, from their text and
not from its code, by sets instead of one pass. Slower and shorter; tests/history/agree.py holds the
two together.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

TTL_MS = 120_000
NO_ID = "00000000-0000-0000-0000-000000000000"


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def deadline_ms(intent_id: str) -> int:
    return int(intent_id.replace("-", "")[:12], 16) + TTL_MS


def body(row: dict) -> tuple[str, str, str]:
    return row["intent_id"], row["buyer_ref"], row["fingerprint"]


def valid_finals(outcomes: list[dict]) -> list[dict]:
    """Those that no higher open of their scope precedes."""
    finals = []
    for at, record in enumerate(outcomes):
        if record["kind"] != "final":
            continue
        scope = (record["partition"], record["marketplace_id"])
        opens = [
            other["token"]
            for other in outcomes[:at]
            if other["kind"] == "open" and (other["partition"], other["marketplace_id"]) == scope
        ]
        if record["token"] >= max(opens, default=0):
            finals.append(record)
    return finals


def check(folder: Path) -> set[tuple[str, str]]:
    """The violations of the files clients, intents, outcomes and ledger: (oracle, intent id)."""
    clients = lines(folder / "clients")
    log = [record for record in lines(folder / "intents") if "intent_id" in record]
    counted = [r for r in log if r["append_ms"] <= deadline_ms(r["intent_id"])]
    finals = valid_finals(lines(folder / "outcomes"))
    ledger = lines(folder / "ledger")
    orders = [row for row in ledger if row["state"] == "ORDERED"]
    found: set[tuple[str, str]] = set()

    # O1
    decided = {body(final) for final in finals}
    found |= {("O1", r["intent_id"]) for r in counted if body(r) not in decided}
    holds = {(r["partition"], r["offset"]): r["intent_id"] for r in log}
    for event in clients:
        if event["e"] == "accepted":
            if holds.get((event["partition"], event["offset"])) != event["id"]:
                found.add(("O1", event["id"]))

    # O2
    seen: set = set()
    for row in ledger:
        key = (row["intent_id"], row["buyer_ref"])
        found |= {("O2", row["intent_id"])} if key in seen else set()
        seen.add(key)
    seen = set()
    for row in orders:
        found |= {("O2", row["intent_id"])} if row["order_id"] in seen else set()
        seen.add(row["order_id"])

    # O3: the first result of a key stands for it, and the first final of a body.
    first_row: dict = {}
    for row in ledger:
        first_row.setdefault((row["intent_id"], row["buyer_ref"]), row)
    first_final: dict = {}
    for final in finals:
        first_final.setdefault(body(final), final)
    for final in first_final.values():
        row = first_row.get((final["intent_id"], final["buyer_ref"]))
        ordered = (
            row is not None
            and row["state"] == "ORDERED"
            and row["fingerprint"] == final["fingerprint"]
        )
        same = ordered and row["order_id"] == final["order_id"]
        wrong = ordered if final["state"] != "ORDERED" else not same
        found |= {("O3", final["intent_id"])} if wrong else set()
    found |= {("O3", row["intent_id"]) for row in orders if body(row) not in decided}

    # O4
    for final in finals:
        first = first_final[body(final)]
        if (first["state"], first["order_id"]) != (final["state"], final["order_id"]):
            found.add(("O4", final["intent_id"]))
    said = defaultdict(set)
    for final in first_final.values():
        said[final["intent_id"]].add((final["state"], final["order_id"]))
    ordered_ids = {row["intent_id"] for row in orders}
    for event in clients:
        if event["e"] == "outcome" and (event["state"], event["order_id"]) not in said[event["id"]]:
            found.add(("O4", event["id"]))
        if event["e"] == "none" and (said[event["id"]] or event["id"] in ordered_ids):
            found.add(("O4", event["id"]))

    # O5
    lowest: dict = {}
    for r in counted:
        key = (r["intent_id"], r["buyer_ref"])
        place = (r["partition"], r["offset"])
        lowest[key] = min(lowest.get(key, place), place)
    by_offer = defaultdict(list)
    for row in orders:
        key = (row["intent_id"], row["buyer_ref"])
        if key in lowest:
            by_offer[row["offer_id"]].append((lowest[key], row["intent_id"]))
    for places in by_offer.values():
        for at, (place, intent_id) in enumerate(places):
            if any(earlier >= place for earlier, _ in places[:at]):
                found.add(("O5", intent_id))

    # O6, O7, P5
    found |= {("O6", NO_ID) for e in clients if e["e"] == "sample" and e["value"] > e["bound"]}
    logged = {body(r) for r in counted}
    invoked = defaultdict(set)
    for event in clients:
        if event["e"] == "invoke":
            invoked[event["id"]].add(event["offer"])
    for row in orders:
        if body(row) not in logged or row["offer_id"] not in invoked[row["intent_id"]]:
            found.add(("O7", row["intent_id"]))
        if row["decided_ms"] > deadline_ms(row["intent_id"]):
            found.add(("P5", row["intent_id"]))
    return found
