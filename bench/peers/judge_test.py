"""The judge on small histories, one harm each: what it says of them, and that it says nothing else.

usage: judge_test.py
"""

from __future__ import annotations

import json
import sys
import tempfile
import unittest
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from judge import Facts, judge  # noqa: E402

BEGIN_MS = 1_700_000_000_000
TAPS = 4
END_MS = BEGIN_MS + 10_000


def intent_id(number: int) -> str:
    time = f"{BEGIN_MS + 100 * number:012x}"
    return f"{time[:8]}-{time[8:]}-7000-8000-{number:012x}"


def told(number: int, event: str, **more: object) -> dict:
    return {"t": BEGIN_MS + 100 * number, "e": event, "id": intent_id(number), **more}


def final(number: int, **more: object) -> dict:
    return {"kind": "final", "partition": 0, "token": 0, "intent_id": intent_id(number),
            "state": "ORDERED", "order_id": f"o-{number}", **more}


def row(seq: int, number: int, at_ms: int) -> dict:
    return {"seq": seq, "intent_id": intent_id(number), "offer_id": "shelf-1", "state": "ORDERED",
            "order_id": f"o-{number}", "decided_ms": BEGIN_MS + at_ms}


def peaceful() -> dict[str, list[dict]]:
    """Four taps on one offer, 100 ms apart, each decided 50 ms after it is in the log."""
    numbers = range(TAPS)
    return {
        "clients": [event for n in numbers for event in (told(n, "invoke"), told(n, "accepted"))],
        "intents": [{"partition": 0, "offset": n, "append_ms": BEGIN_MS + 100 * n,
                     "intent_id": intent_id(n)} for n in numbers],
        "outcomes": [final(n) for n in numbers],
        "ledger": [row(n + 1, n, 100 * n + 50) for n in numbers],
        "passed": [{"id": intent_id(n)} for n in numbers],
    }


CALM = {
    "tapped": TAPS, "away": 0, "lost": 0, "owed": 0, "doubled": 0, "reordered": 0,
    "again": 0, "copies": 0, "viewers_s": 0.1, "orders_s": 0.1, "waited_s": 0.05,
}

# --- One harm each ------------------------------------------------------------------------------


def nothing(_told: dict) -> None:
    pass


def not_in_log(history: dict) -> None:
    del history["intents"][3], history["outcomes"][3], history["ledger"][3]
    del history["passed"][3]


def unanswered(history: dict) -> None:
    del history["outcomes"][3], history["ledger"][3], history["passed"][3]


def void(history: dict) -> None:
    unanswered(history)
    history["intents"][3]["append_ms"] += 130_000


def ordered_untold(history: dict) -> None:
    del history["outcomes"][3]


def stale_final(history: dict) -> None:
    history["outcomes"].insert(0, {"kind": "open", "partition": 0, "token": 7})
    for each in history["outcomes"][1:4]:
        each["token"] = 7


def two_orders(history: dict) -> None:
    history["ledger"].append({**row(5, 3, 350), "order_id": "o-9"})


def two_answers(history: dict) -> None:
    history["outcomes"].append(final(3, state="REJECTED", order_id=""))


def same_answer(history: dict) -> None:
    history["outcomes"].append(final(3))


def swapped(history: dict) -> None:
    history["ledger"][1:3] = [row(2, 2, 210), row(3, 1, 220)]


def sent_again(history: dict) -> None:
    history["passed"].append({"id": intent_id(2)})


def copied(history: dict) -> None:
    history["intents"].append({**history["intents"][1], "offset": TAPS})


def late_word(history: dict) -> None:
    history["clients"][-1]["t"] += 3_000


def turned_away(history: dict) -> None:
    not_in_log(history)
    history["clients"][-1]["e"] = "refused"


def later_outcome(history: dict) -> None:
    history["clients"].append({**told(3, "outcome"), "t": BEGIN_MS + 9_000})


def pending_word(history: dict) -> None:
    late_word(history)
    history["clients"].append({**told(3, "pending"), "t": BEGIN_MS + 1_300})


def late_decision(history: dict) -> None:
    history["ledger"][3]["decided_ms"] += 2_000


def late_start(history: dict) -> None:
    """All before the last is told and decided only shortly before it."""
    for event in history["clients"][:-2]:
        event["t"] = BEGIN_MS + 290
    history["clients"][-1]["t"] += 20
    for each in history["ledger"][:-1]:
        each["decided_ms"] = BEGIN_MS + 290


ALL, NONE = {0: TAPS}, {0: 0}
# Harm, the group's offset, what differs from the calm verdict.
CASES: list[tuple[Callable[[dict], None], dict[int, int], dict]] = [
    (nothing, ALL, {}),
    (nothing, NONE, {}),
    (not_in_log, ALL, {"lost": 1}),
    (unanswered, ALL, {"lost": 1, "orders_s": 9.75}),
    (unanswered, NONE, {"owed": 1, "orders_s": 9.75}),
    (unanswered, {}, {"owed": 1, "orders_s": 9.75}),
    (unanswered, {0: TAPS - 1}, {"owed": 1, "orders_s": 9.75}),
    (void, ALL, {}),
    (ordered_untold, ALL, {"lost": 1, "orders_s": 9.65}),
    (stale_final, NONE, {"owed": 1, "orders_s": 9.65}),
    (two_orders, ALL, {"doubled": 1}),
    (two_answers, ALL, {"doubled": 1}),
    (same_answer, ALL, {}),
    (swapped, ALL, {"reordered": 1, "orders_s": 0.16, "waited_s": 0.12}),
    (sent_again, ALL, {"again": 1}),
    (copied, ALL, {"copies": 1}),
    (late_word, ALL, {"viewers_s": 3.1}),
    (pending_word, ALL, {"viewers_s": 1.1}),
    (later_outcome, ALL, {}),
    (turned_away, ALL, {"away": 1}),
    (late_decision, ALL, {"orders_s": 2.1, "waited_s": 2.05}),
]


class JudgeTest(unittest.TestCase):
    def verdict(self, harm: Callable[[dict], None], facts: Facts) -> dict:
        history = peaceful()
        harm(history)
        with tempfile.TemporaryDirectory() as folder:
            for name, rows in history.items():
                text = "".join(json.dumps(each) + "\n" for each in rows)
                Path(folder, name).write_text(text)
            return asdict(judge(Path(folder), facts))

    def test_tells_each_harm_and_no_other(self) -> None:
        for harm, committed, differs in CASES:
            with self.subTest(harm.__name__, committed=committed):
                verdict = self.verdict(harm, Facts(committed, BEGIN_MS, END_MS))
                self.assertEqual(verdict, CALM | differs)

    def test_a_slow_offer_may_wait(self) -> None:
        verdict = self.verdict(late_decision, Facts(ALL, BEGIN_MS, END_MS, slow_offer="shelf-1"))
        self.assertEqual(verdict["waited_s"], 0)

    def test_the_warm_up_does_not_count(self) -> None:
        """The last tap's own harm is all that is left of three."""
        verdict = self.verdict(late_start, Facts(ALL, BEGIN_MS + 300, END_MS))
        times = {name: verdict[name] for name in ("viewers_s", "orders_s", "waited_s")}
        self.assertEqual(times, {"viewers_s": 0.02, "orders_s": 0.05, "waited_s": 0.05})

    def test_a_peer_without_an_intake_has_no_viewers(self) -> None:
        verdict = self.verdict(nothing, Facts(ALL, BEGIN_MS, END_MS, has_intake=False))
        self.assertIsNone(verdict["viewers_s"])

    def test_a_line_cut_off_by_a_kill_is_none(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, rows in peaceful().items():
                text = "".join(json.dumps(each) + "\n" for each in rows)
                Path(folder, name).write_text(text)
            with open(Path(folder, "passed"), "a", encoding="utf-8") as passed:
                passed.write('{"t":17')
            self.assertEqual(asdict(judge(Path(folder), Facts(ALL, BEGIN_MS, END_MS))), CALM)


if __name__ == "__main__":
    unittest.main()
