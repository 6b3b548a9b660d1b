#!/usr/bin/env python3
"""Two checkers, one verdict: random small histories, most of them spoilt in random ways, are judged
by jembatan-ctl check-history and by check.py beside this file; each must find the same oracles
broken for the same intents.

usage: agree.py CTL [--histories=N] [--seed=N]
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from check import TTL_MS, check  # noqa: E402

START_MS = 1_800_000_000_000
PARTITIONS = 2
STATES = ("ORDERED", "HANDED_OFF", "REJECTED", "EXPIRED")


def make_id(number: int) -> str:
    text = f"{START_MS:012x}7{number:03x}8{number:015x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Story:
    """A history that holds, as the lines of its four files."""

    def __init__(self, chance: random.Random):
        self.clients: list[dict] = []
        self.intents: list[dict] = []
        self.outcomes: list[dict] = []
        self.ledger: list[dict] = []
        self.next_offset = [0] * PARTITIONS
        for partition in range(PARTITIONS):
            for kind in ("claim", "open"):
                self.outcome(partition, kind)
        for number in range(1, chance.randint(2, 9)):
            self.tap(number, chance)
        self.clients.append(
            {"t": START_MS, "e": "sample", "what": "rss", "value": 1, "bound": 2}
        )

    def outcome(self, partition: int, kind: str, **more: object) -> None:
        offset = sum(record["partition"] == partition for record in self.outcomes)
        self.outcomes.append(
            {"topic": "outcomes", "partition": partition, "offset": offset, "token": 0,
             "marketplace_id": "toko", "kind": kind, **more}
        )

    def tap(self, number: int, chance: random.Random) -> None:
        intent_id, partition = make_id(number), number % PARTITIONS
        offer = f"offer-{partition}"
        state = chance.choice(STATES[:1] * 3 + STATES)
        told = {"state": state, "order_id": f"T-{number}" if state == "ORDERED" else ""}
        who = {"intent_id": intent_id, "buyer_ref": f"{number % 3:02x}",
               "fingerprint": f"{number:02x}"}
        for _ in range(chance.choice((1, 1, 2))):
            self.clients.append({"t": START_MS, "e": "invoke", "id": intent_id, "offer": offer})
            self.clients.append({"t": START_MS, "e": "accepted", "id": intent_id,
                                 "partition": partition, "offset": self.next_offset[partition]})
            self.intents.append({"topic": "intents", "partition": partition,
                                 "offset": self.next_offset[partition], "append_ms": START_MS,
                                 "offer_id": offer, **who})
            self.next_offset[partition] += 1
            self.outcome(partition, "final", **who, **told)
        self.ledger.append({"seq": len(self.ledger) + 1, "offer_id": offer,
                            "decided_ms": START_MS, **who, **told})
        self.clients.append({"t": START_MS, "e": "outcome", "id": intent_id, **told})

    def spoil(self, chance: random.Random) -> None:
        """One random change that still reads as a history."""
        files = [self.clients, self.intents, self.outcomes, self.ledger]
        rows = chance.choice([file for file in files if file])
        row = chance.choice(rows)
        change = chance.randrange(6)
        if change == 0:
            rows.remove(row)
        elif change == 1:
            rows.append(dict(row))
        elif change == 2:
            other = chance.choice(rows)
            at, to = rows.index(row), rows.index(other)
            rows[at], rows[to] = rows[to], rows[at]
        else:
            self.change_field(row, chance)
        self.renumber()

    @staticmethod
    def change_field(row: dict, chance: random.Random) -> None:
        values: dict[str, list] = {
            "state": list(STATES),
            "order_id": ["", "T-1", "T-2", "T-99"],
            "fingerprint": ["01", "02", "77"],
            "buyer_ref": ["00", "01", "02"],
            "token": [0, 1, 2, 5],
            "kind": ["claim", "open", "unconfirmed"],
            "append_ms": [START_MS + TTL_MS, START_MS + TTL_MS + 1],
            "decided_ms": [START_MS + TTL_MS, START_MS + TTL_MS + 1],
            "offer": ["offer-0", "offer-1"],
            "offer_id": ["offer-0", "offer-1"],
            "value": [1, 2, 3],
        }
        if row.get("e") == "accepted":
            values["offset"] = [0, 1, 2, 50]
        if row.get("e") == "outcome" and chance.random() < 0.3:
            row["e"] = "none"
            return
        keys = [key for key in values if key in row]
        if keys:
            key = chance.choice(keys)
            row[key] = chance.choice(values[key])

    def renumber(self) -> None:
        """Dumps without holes and a ledger in its order are what both checkers read."""
        for records in (self.intents, self.outcomes):
            seen = [0] * PARTITIONS
            for record in records:
                record["offset"] = seen[record["partition"]]
                seen[record["partition"]] += 1
        for at, row in enumerate(self.ledger):
            row["seq"] = at + 1

    def write(self, folder: Path) -> None:
        for name in ("clients", "intents", "outcomes", "ledger"):
            rows = getattr(self, name)
            (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def judged_by_ctl(ctl: str, folder: Path) -> set[tuple[str, str]]:
    files = [f"--{name}={folder / name}" for name in ("clients", "intents", "outcomes", "ledger")]
    result = subprocess.run(
        [ctl, "check-history", "--examples=1000000", *files], capture_output=True, text=True
    )
    if result.returncode not in (0, 1):
        raise SystemExit(f"check-history ended with {result.returncode}: {result.stderr}")
    found = set(re.findall(r"^(O\d|P5) ([0-9a-f-]{36}): ", result.stdout, re.MULTILINE))
    if (result.returncode == 0) != (not found):
        raise SystemExit(f"status {result.returncode} with {len(found)} violations")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("ctl")
    parser.add_argument("--histories", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    broken: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(options.seed, options.seed + options.histories):
            chance = random.Random(number)
            story = Story(chance)
            for _ in range(chance.choice((0, 1, 1, 2, 3))):
                story.spoil(chance)
            story.write(folder)
            ours, theirs = judged_by_ctl(options.ctl, folder), check(folder)
            if ours != theirs:
                print(f"--seed={number} --histories=1: the checkers do not agree")
                print(f"  check-history alone: {sorted(ours - theirs)}")
                print(f"  check.py alone:      {sorted(theirs - ours)}")
                return 1
            for oracle in {oracle for oracle, _ in ours} or {"holds"}:
                broken[oracle] = broken.get(oracle, 0) + 1
    print(f"{options.histories} histories, one verdict each: {dict(sorted(broken.items()))}")
    # Every oracle was fired, or the histories prove nothing about it.
    return 0 if len(broken) == 9 else 1


sys.exit(main())
