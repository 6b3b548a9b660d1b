"""The rights test: on a real Kafka with its authorizer on, every principal tries every operation on
every resource, and may do exactly what deploy/rights.d/acls.txt grants. Then the whole house runs
under these rights, and keeps its promise.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / folder) for folder in ("tests/e2e", "deploy/rights.d")]

from probes import PROBES, find_coordinator  # noqa: E402
from stage import KAFKA, Failure, Stage, check_promise, expect, say  # noqa: E402
from table import Acl, create, delete, read_table  # noqa: E402
from wire import Connection, WireError, read_properties  # noqa: E402

RIGHTS = ROOT / "deploy/rights"
TABLE = ROOT / "deploy/rights.d/acls.txt"
TOPICS = tuple(f"jembatan.{name}.v1"
               for name in ("intents", "outcomes", "offers", "controls", "deadletters",
                            "rooms"))
# Beside Jembatan's own: whose names begin alike, and which have nothing to do with it.
OTHER_TOPIC, OTHER_GROUP = "jembatan.intents.v1.copy", "jembatan-bridge-2"
RESOURCES = [*(("topic", name) for name in (*TOPICS, OTHER_TOPIC)),
             *(("group", name) for name in ("jembatan-bridge", OTHER_GROUP)),
             ("cluster", "kafka-cluster"), ("transactional id", "jembatan")]
# By Kafka's own rules.
IMPLIED = {"Describe": {"Read", "Write", "Delete", "Alter"}, "DescribeConfigs": {"AlterConfigs"}}
ADMIN, STRANGER = "admin", "stranger"
LOAD = {"rate": 200, "seconds": 5, "viewers": 50}

Check = Callable[[str, bool, str], None]


class RightsStage(Stage):
    """One broker that asks for credentials; every program comes with its own."""

    def start_kafka(self) -> None:
        started = subprocess.run([KAFKA, "start", self.kafka, "--rights"], check=False)
        expect(started.returncode == 0, "Kafka does not start")
        self.brokers = (self.kafka / "bootstrap").read_text().strip()
        self.rights("grant", f"--out={self.folder / 'rights'}")

    def rights(self, command: str, *arguments: str) -> None:
        done = subprocess.run(
            [RIGHTS, command, f"--brokers={self.brokers}",
             f"--admin={self.kafka / 'admin.properties'}", *arguments],
            capture_output=True, text=True, check=False)
        expect(done.returncode == 0, f"deploy/rights {command}: {done.stdout}{done.stderr}")

    def credentials(self, principal: str) -> Path:
        if principal == ADMIN:
            return self.kafka / "admin.properties"
        return self.folder / "rights" / f"{principal}.properties"

    def connect(self, principal: str) -> Connection:
        return Connection(self.brokers, read_properties(self.credentials(principal)))

    def ctl(self, *arguments: str) -> str:
        if any(each.startswith("--brokers=") for each in arguments):
            arguments = (*arguments, f"--kafka_config={self.credentials('ctl')}")
        return super().ctl(*arguments)

    def service(self, name: str, program: str, /, **flags: object) -> None:
        principal = name.split("-")[0]
        if principal != "marketplace":
            flags["kafka_config"] = self.credentials(principal)
        super().service(name, program, **flags)


# --- The matrix -----------------------------------------------------------------------------------


def granted(table: set[Acl], principal: str, operation: str, resource: str, name: str) -> bool:
    """Whether the table says so, by itself or by what it implies."""
    if principal == ADMIN:
        return True

    def says(each: str, of: str, called: str) -> bool:
        return Acl(principal, each, of, called) in table

    if operation == "IdempotentWrite":
        return any(acl.principal == principal and acl.operation == "Write" for acl in table)
    if operation == "Create" and resource == "topic" and says("Create", "cluster", "kafka-cluster"):
        return True
    return any(says(each, resource, name)
               for each in {operation} | IMPLIED.get(operation, set()))


class Matrix:
    def __init__(self, stage: RightsStage, check: Check):
        self.stage = stage
        self.check = check
        self.table = read_table(TABLE)
        self.probed = 0

    def wrong(self, principal: str, resource: str, name: str) -> list[str]:
        """What the principal may and should not, and the other way round."""
        found = []
        with self.stage.connect(principal) as cluster:
            for operation, probe in PROBES[resource].items():
                self.probed += 1
                lets = probe.lets(cluster, name)
                if lets is not granted(self.table, principal, operation, resource, name):
                    found.append(f"{operation}: {lets}")
        return found

    def run(self) -> None:
        principals = sorted({acl.principal for acl in self.table})
        for principal in (ADMIN, STRANGER, *principals):
            for resource, name in RESOURCES:
                wrong = self.wrong(principal, resource, name)
                self.check(f"rights of {principal} on {resource} {name} are the table's", not wrong,
                           ", ".join(wrong))
        say(f"{self.probed} probes")
        self.notice()
        self.refuse()

    def notice(self) -> None:
        """A right too many and one too few are seen."""
        extra = Acl("auditor", "Write", "topic", "jembatan.outcomes.v1")
        lacking = Acl("bridge", "Read", "group", "jembatan-bridge")
        with self.stage.connect(ADMIN) as cluster:
            create(cluster, {extra})
            delete(cluster, {lacking})
            for acl, sign in ((extra, True), (lacking, False)):
                wrong = self.wrong(acl.principal, acl.resource, acl.name)
                self.check(f"it is seen that {acl} became {sign}",
                           f"{acl.operation}: {sign}" in wrong, f"{wrong}")
        self.stage.rights("grant", f"--out={self.stage.folder / 'rights'}")
        for acl in (extra, lacking):
            wrong = self.wrong(acl.principal, acl.resource, acl.name)
            self.check(f"deploy/rights mends {acl}", not wrong, f"{wrong}")
        self.stage.rights("check")

    def refuse(self) -> None:
        """Who shows nothing, or a wrong password, is not let in at all."""
        good = read_properties(self.stage.credentials("bridge"))
        for what, properties in (("no credentials", {}),
                                 ("a wrong password", good | {"sasl.password": "x"}),
                                 ("an unknown name", good | {"sasl.username": "nobody"})):
            try:
                with Connection(self.stage.brokers, properties) as cluster:
                    cluster.brokers()
                inside = True
            except WireError:
                inside = False
            self.check(f"{what}: not let in", not inside, "let in")


def prepare(stage: RightsStage) -> None:
    """A principal without a right, and a topic that is none of Jembatan's."""
    path = stage.credentials(STRANGER)
    path.write_text("security.protocol=SASL_PLAINTEXT\nsasl.username=stranger\nsasl.password=p\n")
    with stage.connect(ADMIN) as cluster:
        cluster.set_password(STRANGER, "p")
        find_coordinator(cluster, OTHER_GROUP)
    subprocess.run([KAFKA, "tool", stage.kafka, "org.apache.kafka.tools.TopicCommand", "--create",
                    "--topic", OTHER_TOPIC, "--partitions", "1"], check=True, capture_output=True)


def run_matrix(stage: RightsStage, check: Check) -> None:
    """Before the house: it would stumble over the probes' records."""
    stage.start_kafka()
    stage.ctl("topics", "create", f"--brokers={stage.brokers}", "--profile=dev")
    check("ctl creates the topics under its rights", True, "")
    prepare(stage)
    Matrix(stage, check).run()


# --- The house ------------------------------------------------------------------------------------


def run_house(stage: RightsStage, check: Check) -> None:
    stage.start_house({f"shelf-{i}": 1_000_000 for i in range(20)}, gateways=2, bridges=2)
    stage.service("auditor", "jembatan-auditor", brokers=stage.brokers, profile=stage.profile,
                  ledger=stage.folder / "audit")
    stage.await_ready("auditor")
    stage.start_load(**LOAD)
    figures = stage.await_load(120)
    try:
        check_promise(figures)
        stage.check_history()
        broken = ""
    except Failure as failure:
        broken = str(failure)
    check("the house keeps its promise under these rights", not broken, broken)
    listing = stage.ctl("controls", "list", f"--brokers={stage.brokers}")
    stage.ctl("halt", f"--brokers={stage.brokers}", "--why=to see that it can")
    check("ctl halts under its rights",
          listing != stage.ctl("controls", "list", f"--brokers={stage.brokers}"), listing)
    stage.ctl("deadletters", "list", f"--brokers={stage.brokers}")
    breaches = stage.metric("auditor", "jembatan_auditor_breaches_total")
    records = stage.metric("auditor", "jembatan_auditor_records_total")
    check("the auditor reads everything under its rights", breaches == 0 and records > 0,
          f"{breaches} breaches, {records} records")
    stage.stop_all()
