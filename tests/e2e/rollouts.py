"""A rollout takes itself back: on a broken promise in the topics, and on a slow marketplace.

The breach is planted past every program of ours: a record of the outcomes topic, put there by kcat,
in which of two orders for one offer the one accepted later took effect first (P6).
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

import topics
from stage import MARKETPLACE_ID, Stage, expect, get, say, wait_for

# What an abort may take, from what is wrong to nobody being let in; far above what it takes.
ABORT_S = 15.0


def url(stage: Stage, name: str) -> str:
    return f"http://127.0.0.1:{stage.admin_ports[name]}"


def open_to_all(stage: Stage) -> None:
    stage.ctl("rollout", f"--brokers={stage.brokers}", f"--marketplace={MARKETPLACE_ID}",
              "--percent=100", "--why=dibuka untuk semua")


def watch(stage: Stage, name: str, *limits: str) -> subprocess.Popen[str]:
    """Looks after the rollout with a control that takes it back."""
    control = stage.folder / f"{name}.json"
    stage.ctl("rollout", f"--brokers={stage.brokers}", f"--marketplace={MARKETPLACE_ID}",
              "--percent=0", f"--why=dihentikan sendiri: {name}", f"--out={control}")
    command = [str(stage.binaries / "jembatan-ctl"), "watch", f"--brokers={stage.brokers}",
               f"--control={control}", f"--gateways={url(stage, 'gateway-0')}",
               f"--bridges={url(stage, 'bridge-0')}", f"--auditors={url(stage, 'auditor-0')}",
               "--every-ms=200", "--for-s=60", *limits]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def refused(stage: Stage) -> float:
    pattern = "jembatan_gateway_intents_total"
    lines = get(stage.admin_ports["gateway-0"], "/metrics")[1].decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines
               if line.startswith(pattern) and "ROLLOUT_EXCLUDED" in line)


def await_abort(stage: Stage, watcher: subprocess.Popen[str], why: str, since: float) -> None:
    """The watcher says why, the control is in force, and taps are refused: within seconds."""
    said = watcher.communicate(timeout=60)[0]
    expect(watcher.returncode == 0 and why in said, f"the watch said: {said!r}")
    before = refused(stage)
    wait_for("taps are refused by the rollout", lambda: refused(stage) > before, 10)
    took = time.monotonic() - since
    expect(took < ABORT_S, f"the abort took {took:.1f} s")
    in_force = stage.ctl("controls", "list", f"--brokers={stage.brokers}")
    expect("dihentikan sendiri" in in_force, f"no such control is in force: {in_force}")
    say(f"{said.strip()} ({took:.1f} s)")


# --- A record in Protobuf's wire format ---------------------------------------------------------


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def message(values: dict[int, int | str | bytes]) -> bytes:
    out = b""
    for number, value in values.items():
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def new_id(at_ms: int) -> str:
    text = f"{at_ms:012x}7{secrets.token_hex(2)[:3]}8{secrets.token_hex(8)[:15]}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def plant_out_of_turn(stage: Stage) -> None:
    """Copies an order's outcome under another id, at the place behind it and with a turn before."""
    chosen = topics.dump(stage.brokers, topics.OUTCOMES)
    for record in reversed(chosen):
        outer = topics.fields(record.value)
        outcome = topics.fields(outer.get(4, b""))
        if outcome.get(4) == 1 and outcome.get(40, 0) > 1:
            break
    else:
        raise AssertionError("no order tells its sequence")
    forged = {**outcome, 1: new_id(record.append_ms), 2: os.urandom(32), 11: os.urandom(32),
              6: "forged", 12: outcome.get(12, 0) + 1, 40: outcome[40] - 1}
    value = message({1: outer.get(1, 0), 2: outer[2], 3: outer[3], 4: message(forged)})
    path = Path(stage.folder / "forged")
    path.write_bytes(value)
    subprocess.run(["kcat", "-b", stage.brokers, "-P", "-t", topics.OUTCOMES, "-p",
                    str(record.partition), "-k", record.key.decode(), str(path)], check=True)


# --- The scenario -------------------------------------------------------------------------------


def run(stage: Stage, offers: dict[str, int], start_auditor) -> None:
    stage.start_house(offers, gateways=1, bridges=1)
    start_auditor(stage, "auditor-0")
    stage.await_ready("auditor-0")
    stage.start_load(rate=50, seconds=120, viewers=20, settle_seconds=1)
    stage.await_results(50)

    open_to_all(stage)
    watcher = watch(stage, "janji dilanggar")
    time.sleep(1)
    expect(watcher.poll() is None, "the watch found something wrong where nothing was")
    since = time.monotonic()
    plant_out_of_turn(stage)
    await_abort(stage, watcher, "1 breaches of the promise", since)
    expect("promise_broken" in (stage.folder / "auditor-0.log").read_text(),
           "the auditor did not name the breach")

    open_to_all(stage)
    watcher = watch(stage, "lokapasar lambat", "--oldest-ms=2000", "--looks=3")
    time.sleep(1)
    expect(watcher.poll() is None, "the watch found something wrong where nothing was")
    since = time.monotonic()
    stage.processes["marketplace"].send_signal(signal.SIGSTOP)
    await_abort(stage, watcher, "the oldest open intent", since)
    stage.processes["marketplace"].send_signal(signal.SIGCONT)
