"""Stage: one run of the real programs against a real Kafka, in a folder of its own.

It picks ports, writes keys and offers, starts and kills processes, and leaves nothing behind: every
process dies with the stage, the folder goes with it. A failure prints the ends of the logs first.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KAFKA = ROOT / "deploy/kafka/kafka"

# The folder of the program that plays: e2e, faults, bench.
SPEAKER = Path(sys.argv[0]).resolve().parent.name

# Bounds of waiting, far above what a busy machine needs.
READY_S = 60
STOP_S = 30
PRICE_MINOR = 2_500_000
MARKETPLACE_ID = "tokopedia"


class Failure(Exception):
    """What the scenario promised did not hold; the message is for people."""


def expect(condition: bool, message: str) -> None:
    if not condition:
        raise Failure(message)


def say(text: str) -> None:
    print(f"{SPEAKER}: {text}", flush=True)


def wait_for(
    what: str,
    condition: Callable[[], bool],
    seconds: float = READY_S,
    why: Callable[[], str] = lambda: "",
) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            raise Failure(f"waited {seconds} s in vain: {what} {why()}".rstrip())
        time.sleep(0.1)


def die_with_parent() -> None:
    """In the child: SIGKILL when the stage is gone, however it went."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def get(port: int, target: str) -> tuple[int, bytes]:
    """GET from an admin port; status 0: no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", target)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def check_promise(figures: dict) -> None:
    """What a load must tell whatever was done to the stage."""
    for name in ("lost", "doubled", "reordered", "oversold", "late"):
        expect(figures[name] == 0, f"{name}={figures[name]}: {figures['violations']}")
    for name in ("accepted", "ordered"):
        expect(figures[name] > 0, f"nothing was {name}")
    expect(figures["ledger_checked"] is True, "the load was not judged against the ledger")


class Stage:
    # How strict the cluster is looked at; what the topics are made for.
    profile = "dev"

    def __init__(self, binaries: Path, keep: bool):
        self.binaries = binaries
        self.keep = keep
        self.folder = Path(tempfile.mkdtemp(prefix="jembatan-e2e."))
        self.kafka = self.folder / "kafka"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, list[str]] = {}
        self.admin_ports: dict[str, int] = {}
        self.ports: dict[str, int] = {}
        self.taken: set[int] = set()
        self.brokers = ""
        # By a service's name: further flags, and what its command line begins with.
        self.more_flags: dict[str, dict[str, object]] = {}
        self.prefixes: dict[str, list[str]] = {}

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self.show_logs()
        for name in list(self.processes):
            self.kill(name)
        if self.kafka.exists():
            subprocess.run([KAFKA, "kill", self.kafka], check=False)
        self.tidy()

    def tidy(self) -> None:
        if self.keep:
            say(f"kept {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def show_logs(self) -> None:
        """What the services that still run say of themselves, and the ends of all logs."""
        for name in self.admin_ports:
            if name in self.processes and self.processes[name].poll() is None:
                print(f"--- {name}'s /readyz: {self.told(name, '/readyz')}", file=sys.stderr)
        for log in sorted(self.folder.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()
            # A sanitizer's last lines say nothing, its first say it all.
            reports = [i for i, line in enumerate(lines) if "==ERROR: " in line]
            shown = lines[reports[0]:][:60] if reports else lines[-25:]
            print(f"--- {log.name}", *shown, sep="\n", file=sys.stderr)

    def port(self) -> int:
        """A free port below the ephemeral range: it stays free while its owner restarts."""
        while True:
            port = random.randrange(20_000, 32_768)
            with socket.socket() as probe:
                free = probe.connect_ex(("127.0.0.1", port)) != 0
            if free and port not in self.taken:
                self.taken.add(port)
                return port

    # --- Processes ------------------------------------------------------------------------------

    def spawn(self, name: str, command: list[str]) -> None:
        self.commands[name] = command
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def program(self, _name: str, program: str) -> Path:
        """Where the service's program is."""
        return self.binaries / program

    def service(self, name: str, program: str, /, **flags: object) -> None:
        """Starts a service with an admin port."""
        self.admin_ports[name] = self.port()
        options = {"admin_listen": f"127.0.0.1:{self.admin_ports[name]}", **flags}
        options |= self.more_flags.get(name, {})
        command = [*self.prefixes.get(name, []), str(self.program(name, program))]
        command += [f"--{key}={value}" for key, value in options.items()]
        self.spawn(name, command)

    def await_ready(self, *names: str) -> None:
        for name in names:

            def ready(name: str = name) -> bool:
                code = self.processes[name].poll()
                expect(code is None, f"{name} ended with status {code}")
                return self.is_ready(name)

            wait_for(f"{name} is ready", ready, why=lambda n=name: self.told(n, "/readyz"))

    def is_ready(self, name: str) -> bool:
        return get(self.admin_ports[name], "/readyz")[0] == 200

    def told(self, name: str, target: str) -> str:
        return get(self.admin_ports[name], target)[1].decode().strip()

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        process = self.processes.pop(name)
        process.send_signal(number)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise Failure(f"{name} survived {number.name} for {STOP_S} s") from error

    def restart(self, name: str) -> None:
        self.spawn(name, self.commands[name])

    def stop(self, name: str) -> None:
        """A service leaves by itself when asked to."""
        process = self.processes[name]
        self.kill(name, signal.SIGTERM)
        expect(process.returncode == 0, f"{name} ended with status {process.returncode}")

    def stop_all(self) -> None:
        for name in list(self.processes):
            self.stop(name)

    def metric(self, name: str, pattern: str) -> float:
        """Sum of a service's metrics whose line begins so."""
        body = get(self.admin_ports[name], "/metrics")[1].decode()
        return sum(float(row) for row in re.findall(rf"^{pattern}.* (\S+)$", body, re.MULTILINE))

    def ctl(self, *arguments: str) -> str:
        command = [str(self.binaries / "jembatan-ctl"), *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        expect(result.returncode == 0, f"{' '.join(command)}: {result.stdout}{result.stderr}")
        return result.stdout.strip()

    # --- The house ------------------------------------------------------------------------------

    def start_kafka(self) -> None:
        result = subprocess.run([KAFKA, "start", self.kafka], check=False)
        expect(result.returncode == 0, "Kafka does not start")
        self.brokers = (self.kafka / "bootstrap").read_text().strip()

    def kill_kafka(self) -> None:
        subprocess.run([KAFKA, "kill", self.kafka], check=True)

    def reach(self, _name: str, port: int) -> int:
        """The port by which others come to the port on which a service listens."""
        return port

    def write_files(self, offers: dict[str, int]) -> None:
        rows = [
            {
                "offer_id": offer_id,
                "title": f"Barang {offer_id}",
                "seller_id": "toko",
                "currency": "IDR",
                "amount_minor": PRICE_MINOR,
                "stock": stock,
            }
            for offer_id, stock in offers.items()
        ]
        (self.folder / "offers.json").write_text(json.dumps(rows))
        key, jwks = self.folder / "token.pem", self.folder / "jwks.json"
        self.ctl("token", "keygen", f"--key={key}", f"--jwks={jwks}")
        self.ctl("buyer-keys", "create", f"--file={self.folder / 'buyer.key'}")

    def token(self, viewer: str) -> str:
        return self.ctl("token", f"--key={self.folder / 'token.pem'}", f"--viewer={viewer}")

    def start_house(self, offers: dict[str, int], gateways: int = 2, bridges: int = 2) -> None:
        self.write_files(offers)
        self.start_kafka()
        self.ctl("topics", "create", f"--brokers={self.brokers}", f"--profile={self.profile}")
        port = self.port()
        orders = f"127.0.0.1:{self.reach('orders', port)}"
        self.service(
            "marketplace",
            "jembatan-marketplace",
            listen=f"127.0.0.1:{port}",
            operator_listen="127.0.0.1:0",
            checkout_listen="127.0.0.1:0",
            database=self.folder / "marketplace.db",
            offers=self.folder / "offers.json",
        )
        self.await_ready("marketplace")
        for number in range(bridges):
            self.start_bridge(f"bridge-{number}", orders)
        for number in range(gateways):
            self.start_gateway(f"gateway-{number}")
        self.await_ready(*self.processes)

    def start_bridge(self, name: str, orders: str) -> None:
        self.service(
            name,
            "jembatan-bridge",
            brokers=self.brokers,
            profile=self.profile,
            orders_target=orders,
            marketplace_id=MARKETPLACE_ID,
            instance=name,
        )

    def start_gateway(self, name: str) -> None:
        port = self.port()
        self.ports[name] = self.reach(name, port)
        self.service(
            name,
            "jembatan-gateway",
            brokers=self.brokers,
            profile=self.profile,
            listen=f"127.0.0.1:{port}",
            grpc_listen="127.0.0.1:0",
            token_keys=self.folder / "jwks.json",
            buyer_key=self.folder / "buyer.key",
            marketplace_id=MARKETPLACE_ID,
            instance=name,
        )

    def ledger(self, after: int = 0) -> Iterator[dict]:
        """Every result of the marketplace with a greater seq, in the order decided."""
        while True:
            target = f"/ledger?after={after}&limit=10000"
            status, body = get(self.admin_ports["marketplace"], target)
            expect(status == 200, f"the ledger answers {status}")
            rows = [json.loads(line) for line in body.splitlines()]
            if not rows:
                return
            yield from rows
            after = rows[-1]["seq"]

    def check_history(self) -> None:
        """The oracles over what viewers, log and marketplace tell of this stage's one load."""
        files = {name: self.folder / name for name in ("intents", "outcomes", "ledger")}
        for topic in ("intents", "outcomes"):
            self.ctl("topics", "dump", f"--brokers={self.brokers}", f"--topic={topic}",
                     f"--out={files[topic]}")
        with open(files["ledger"], "w", encoding="utf-8") as ledger:
            for row in self.ledger():
                ledger.write(json.dumps(row) + "\n")
        judged = self.ctl("check-history", f"--clients={self.folder / 'clients'}",
                          *(f"--{name}={path}" for name, path in files.items()))
        say(judged.splitlines()[-1])

    def await_results(self, count: int, seconds: float = READY_S) -> None:
        """Until the marketplace has decided so many orders: the load has come so far."""
        last = 0

        def reached() -> bool:
            nonlocal last
            for row in self.ledger(last):
                last = row["seq"]
            return last >= count

        wait_for(f"{count} results at the marketplace", reached, seconds)

    def start_load(self, **flags: object) -> None:
        """In the background; await_load tells how it ended."""
        gateways = [f"127.0.0.1:{port}" for port in self.ports.values()]
        options = {
            "targets": ",".join(gateways),
            "token_key": self.folder / "token.pem",
            "marketplace_admin": f"http://127.0.0.1:{self.admin_ports['marketplace']}",
            "json": self.folder / "load.json",
            "history": self.folder / "clients",
            **flags,
        }
        command = [str(self.binaries / "jembatan-load")]
        self.spawn("load", command + [f"--{key}={value}" for key, value in options.items()])

    def await_load(self, seconds: float) -> dict:
        """The figures of a load whose own judge found that the promise held."""
        process = self.processes.pop("load")
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise Failure(f"the load did not end within {seconds} s") from error
        say((self.folder / "load.log").read_text().strip().splitlines()[-1])
        expect(status == 0, f"jembatan-load ended with status {status}")
        return json.loads((self.folder / "load.json").read_text())


class MemoryStage(Stage):
    """The stage on the broker in memory: for what is not about Kafka."""

    def start_kafka(self) -> None:
        bootstrap = self.folder / "bootstrap"
        program = str(self.binaries / "jembatan-devbroker")
        self.spawn("devbroker", [program, f"--bootstrap_file={bootstrap}"])
        wait_for("the broker listens", bootstrap.exists)
        self.brokers = bootstrap.read_text().strip()

    def await_ready(self, *names: str) -> None:
        super().await_ready(*(name for name in names if name in self.admin_ports))
