"""Lab: a stage on three Kafka nodes, with a proxy before every hop, and hands that do harm.

Every harm is done by a method that says and counts it; calm() undoes what is left of them all.

  hop             from -> to                       proxy
  viewers         load -> gateway-N                gateway-N
  clients         services -> broker N             clients-N
  brokers         brokers -> broker N              brokers-N
  controllers     nodes -> controller N            controllers-N
  orders          bridges -> marketplace           orders
"""

from __future__ import annotations

import json
import random
import re
import secrets
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from proxy import Fault, Network, Proxy  # noqa: E402
from stage import KAFKA, Stage, expect, say, wait_for  # noqa: E402

NODES = (1, 2, 3)
LISTENERS = {"clients": "PLAINTEXT", "brokers": "INTERNAL", "controllers": "CONTROLLER"}
TIERS = ("gateway", "bridge")
INTENTS = "jembatan.intents.v1"
OFFSETS = "__consumer_offsets"
TOPICS = (INTENTS, "jembatan.outcomes.v1", OFFSETS)
GROUP = "jembatan-bridge"
REAUTHENTICATE_MS = 3_000
# How long a cluster may take to be whole again once nothing disturbs it.
WHOLE_S = 60


class Lab(Stage):
    profile = "production"

    def __init__(self, binaries: Path, keep: bool, seed: int):
        super().__init__(binaries, keep)
        self.chance = random.Random(seed)
        self.network = Network(seed, self.pids)
        self.own_ports: dict[tuple[str, int], int] = {}
        self.harm: Counter[str] = Counter()
        self.dead_nodes: set[int] = set()
        self.frozen_nodes: set[int] = set()
        self.frozen: set[str] = set()
        # To be set before the house starts: whether a proxy stands before every hop, and the sizes
        # of brokers' disks.
        self.proxied = True
        self.small_disks: dict[int, str] = {}
        # Of brokers: the port at which services show credentials; empty: none does.
        self.scram_ports: dict[int, int] = {}
        self.mounted: list[Path] = []
        # Where the services' programs are that shall not be this tree's.
        self.versions: dict[str, Path] = {}

    def __enter__(self) -> Lab:
        self.network.__enter__()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        super().__exit__(kind, error, trace)
        self.network.__exit__(kind, error, trace)

    def tidy(self) -> None:
        for folder in self.mounted:
            subprocess.run(["umount", folder], check=False)
        super().tidy()

    # --- The house ------------------------------------------------------------------------------

    def start_kafka(self) -> None:
        advertised = self.add_kafka_hops() if self.proxied else []
        self.run_kafka("configure", self.kafka, f"--nodes={len(NODES)}", *advertised)
        for node in NODES:
            for listener, name in LISTENERS.items():
                self.own_ports[listener, node] = self.configured_port(node, name)
        for node, port in self.scram_ports.items():
            self.listen_for_credentials(node, port)
        for node, size in self.small_disks.items():
            self.mount(self.node(node) / "data", size)
        self.run_kafka("start", self.kafka)
        self.brokers = (self.kafka / "bootstrap").read_text().strip()
        if self.scram_ports:
            self.grant(*TIERS)

    def add_kafka_hops(self) -> list[str]:
        """What the brokers shall tell others to come to."""
        ports = {listener: [] for listener in LISTENERS}
        for listener, node in ((listener, node) for listener in LISTENERS for node in NODES):

            def own_port(place: tuple[str, int] = (listener, node)) -> int:
                return self.own_ports[place]

            name = f"{listener}-{node}"
            proxy = self.network.add(name, own_port, self.port())
            ports[listener].append(str(proxy.port))
        return [
            f"--advertise={','.join(ports['clients'])}",
            f"--advertise_internal={','.join(ports['brokers'])}",
            f"--advertise_controllers={','.join(ports['controllers'])}",
        ]

    def run_kafka(self, *arguments: object) -> None:
        result = subprocess.run([KAFKA, *map(str, arguments)], check=False)
        expect(result.returncode == 0, f"kafka {arguments[0]} failed")

    def node(self, number: int) -> Path:
        return self.kafka / f"node-{number}"

    def configured_port(self, node: int, listener: str) -> int:
        lines = (self.node(node) / "server.properties").read_text().splitlines()
        listeners = [line for line in lines if line.startswith("listeners=")][-1]
        return int(re.search(rf"{listener}://127.0.0.1:(\d+)", listeners)[1])

    # --- Credentials ----------------------------------------------------------------------------

    def use_credentials(self) -> None:
        """Gateways and bridges come to Kafka as themselves (SASL/SCRAM), by listeners of their own;
        whoever looks at the lab from outside goes on without. Before the house starts."""
        self.scram_ports = {node: self.port() for node in NODES}
        brokers = ",".join(f"127.0.0.1:{port}" for port in self.scram_ports.values())
        for tier in TIERS:
            config = self.folder / f"{tier}.properties"
            config.touch(0o600)
            config.write_text(
                "security.protocol=SASL_PLAINTEXT\nsasl.mechanisms=SCRAM-SHA-256\n"
                f"sasl.username={tier}\nsasl.password={secrets.token_hex(16)}\n"
            )
            for number in range(2):
                flags = {"brokers": brokers, "kafka_config": config}
                self.more_flags.setdefault(f"{tier}-{number}", {}).update(flags)

    def listen_for_credentials(self, node: int, port: int) -> None:
        path = self.node(node) / "server.properties"
        own = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
        scram = f",SCRAM://127.0.0.1:{port}"
        more = {
            "listeners": own["listeners"] + scram,
            "advertised.listeners": own["advertised.listeners"] + scram,
            "listener.security.protocol.map":
                own["listener.security.protocol.map"] + ",SCRAM:SASL_PLAINTEXT",
            "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-256",
            "listener.name.scram.scram-sha-256.sasl.jaas.config":
                "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            # A connection must show its credentials again: without it a revoked one lasts for ever.
            "connections.max.reauth.ms": REAUTHENTICATE_MS,
        }
        with open(path, "a", encoding="utf-8") as file:
            file.writelines(f"{key}={value}\n" for key, value in more.items())

    def change_credentials(self, tier: str, *change: str) -> None:
        self.run_kafka("tool", self.kafka, "kafka.admin.ConfigCommand", "--alter",
                       "--entity-type", "users", "--entity-name", tier, *change)

    def grant(self, *tiers: str) -> None:
        for tier in tiers:
            lines = (self.folder / f"{tier}.properties").read_text().splitlines()
            password = dict(line.split("=", 1) for line in lines)["sasl.password"]
            self.change_credentials(tier, "--add-config", f"SCRAM-SHA-256=[password={password}]")
            say(f"credentials of {tier} granted")

    def revoke(self, *tiers: str) -> None:
        for tier in tiers:
            self.change_credentials(tier, "--delete-config", "SCRAM-SHA-256")
            self.note("credentials revoked", f"credentials of {tier} revoked")

    def reach(self, name: str, port: int) -> int:
        if not self.proxied:
            return port
        return self.network.add(name, port, self.port()).port

    def pids(self) -> dict[str, int]:
        found = {name: process.pid for name, process in list(self.processes.items())}
        for number in NODES:
            pid = self.node(number) / "pid"
            if pid.exists():
                found[f"node-{number}"] = int(pid.read_text() or 0)
        return found

    def names(self, tier: str) -> list[str]:
        """The services of a tier that run: gateway-0, gateway-1."""
        return [name for name in self.processes if name.startswith(tier)]

    # --- What Kafka tells -----------------------------------------------------------------------

    def healthy_nodes(self) -> list[int]:
        return [number for number in NODES if number not in self.dead_nodes | self.frozen_nodes]

    def partitions(self, *topics: str, ask: int = 0) -> list[dict]:
        """Partitions with leader and isrs, as a node tells, by its own port; none: no answer."""
        node = ask or self.healthy_nodes()[0]
        command = ["kcat", "-b", f"127.0.0.1:{self.own_ports['clients', node]}", "-L", "-J"]
        result = subprocess.run([*command, "-m", "5"], capture_output=True, text=True, check=False)
        try:
            told = json.loads(result.stdout)["topics"]
        except (json.JSONDecodeError, KeyError):
            return []
        return [
            partition
            for topic in told
            if topic["topic"] in topics
            for partition in topic["partitions"]
        ]

    def leaders(self, ask: int = 0) -> list[int]:
        """The leader of each partition of intents."""
        return [partition["leader"] for partition in self.partitions(INTENTS, ask=ask)]

    def coordinator(self) -> int:
        """The node that coordinates the bridges' group: it leads the partition of offsets that
        Java's hash of the group's name chooses."""
        partitions = self.partitions(OFFSETS)
        number = java_hash(GROUP) % len(partitions)
        return next(each["leader"] for each in partitions if each["partition"] == number)

    def await_leader_elsewhere(self, node: int, seconds: float = 30) -> None:
        others = [number for number in self.healthy_nodes() if number != node]

        def gone() -> bool:
            leaders = self.leaders(others[0])
            return bool(leaders) and node not in leaders

        wait_for(f"node-{node} leads nothing", gone, seconds)

    def await_whole(self) -> None:
        """Until every node leads or follows everything."""

        def whole() -> bool:
            partitions = self.partitions(*TOPICS)
            return bool(partitions) and all(len(p["isrs"]) == len(NODES) for p in partitions)

        wait_for("every replica is in sync", whole, WHOLE_S)

    # --- Harm -----------------------------------------------------------------------------------

    def note(self, kind: str, text: str) -> None:
        self.harm[kind] += 1
        say(text)

    def kill_service(self, name: str) -> None:
        expect(self.processes[name].poll() is None, f"{name} was dead before it was killed")
        self.note("process kills", f"kill -9 {name}")
        self.kill(name)

    def freeze(self, name: str) -> None:
        self.note("process freezes", f"freeze {name}")
        self.processes[name].send_signal(signal.SIGSTOP)
        self.frozen.add(name)

    def thaw(self, name: str) -> None:
        say(f"thaw {name}")
        self.processes[name].send_signal(signal.SIGCONT)
        self.frozen.discard(name)

    def program(self, name: str, program: str) -> Path:
        return self.versions.get(name, self.binaries) / program

    def upgrade(self, name: str, binaries: Path) -> None:
        """Restarts the service as another version of it."""
        before = self.versions.get(name, self.binaries)
        self.versions[name] = binaries
        self.commands[name] = [
            str(binaries / Path(word).name) if Path(word).parent == before else word
            for word in self.commands[name]
        ]
        self.note("upgrades", f"{name} becomes {binaries}")
        self.roll(name)

    def stop_service(self, name: str) -> None:
        """SIGTERM, and a clean end."""
        self.note("process restarts", f"stop {name}")
        self.stop(name)

    def roll(self, name: str) -> None:
        self.stop_service(name)
        self.restart(name)
        self.await_ready(name)

    def revive(self) -> None:
        """What a supervisor does: a service that found no Kafka when it started has ended, and is
        started again. Whatever else ends by itself is a failure."""
        for name, process in list(self.processes.items()):
            if process.poll() is None:
                continue
            last = (self.folder / f"{name}.log").read_text().rstrip().rsplit("\n", 1)[-1]
            found_none = process.returncode == 2 and "UNAVAILABLE" in last
            expect(found_none, f"{name} ended with status {process.returncode}: {last[:200]}")
            say(f"{name} found no Kafka, and is started again")
            del self.processes[name]
            self.restart(name)

    def kill_nodes(self, *numbers: int) -> None:
        for number in numbers:
            self.note("broker kills", f"kill -9 node-{number}")
            self.run_kafka("kill", self.node(number))
            self.dead_nodes.add(number)

    def start_nodes(self, *numbers: int) -> None:
        """At once: two of three answer only together."""
        starts = [subprocess.Popen([KAFKA, "start", self.node(number)]) for number in numbers]
        codes = [start.wait() for start in starts]
        expect(not any(codes), f"not all of the nodes {numbers} start again")
        self.dead_nodes -= set(numbers)

    def stop_node(self, number: int) -> None:
        self.note("broker restarts", f"stop node-{number}")
        self.run_kafka("stop", self.node(number))
        self.dead_nodes.add(number)

    def wipe_node(self, number: int) -> None:
        self.note("broker disks", f"wipe node-{number}")
        self.run_kafka("wipe", self.node(number))

    def freeze_nodes(self, *numbers: int) -> None:
        for number in numbers:
            self.note("broker freezes", f"freeze node-{number}")
            self.run_kafka("freeze", self.node(number))
            self.frozen_nodes.add(number)

    def thaw_nodes(self, *numbers: int) -> None:
        for number in numbers:
            say(f"thaw node-{number}")
            self.run_kafka("thaw", self.node(number))
            self.frozen_nodes.discard(number)

    def proxies(self, pattern: str) -> list[Proxy]:
        found = [p for name, p in self.network.proxies.items() if re.fullmatch(pattern, name)]
        expect(bool(found), f"no hop is called {pattern}")
        return found

    def disturb(self, pattern: str, *faults: Fault) -> None:
        """The hops whose names match get the faults until calm."""
        self.note("network faults", f"{pattern}: {', '.join(fault.told() for fault in faults)}")
        for proxy in self.proxies(pattern):
            proxy.set(*faults)

    def counted(self, pattern: str, what: str) -> int:
        """How often a fault did something on those hops."""
        return sum(proxy.counts[what] for proxy in self.proxies(pattern))

    def mount(self, folder: Path, size: str) -> None:
        """A small disk of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        options = f"size={size}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        self.mounted.append(folder)

    def fill(self, folder: Path) -> Path:
        """Takes all the space that is left; the file to delete afterwards."""
        self.note("full disks", f"fill {folder.name} of {folder.parent.name}")
        filler = folder / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError:
                return filler
        raise AssertionError("a disk without an end")

    # --- Afterwards -----------------------------------------------------------------------------

    def calm(self) -> None:
        """Nothing disturbs any more, and all that died is back."""
        self.network.clear()
        for name in list(self.frozen):
            self.thaw(name)
        self.thaw_nodes(*list(self.frozen_nodes))
        self.start_nodes(*list(self.dead_nodes))
        self.await_whole()
        self.revive()
        for name in self.commands:
            if name not in self.processes and name != "load":
                self.restart(name)
        self.await_ready(*(name for name in self.processes if name != "load"))
        say("calm")


def java_hash(text: str) -> int:
    """String.hashCode without its sign bit, as Kafka takes it."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value & 0x7FFFFFFF
