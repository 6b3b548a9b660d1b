"""The fault scenarios: what is done to a stage under load, and how it shows that it was done.

A strike does harm while viewers tap, and proves that the harm was felt: a fault that nobody noticed
is a failed scenario. Then everything is calmed, and the promise is judged by the load's own figures
and by the oracles over all that viewers, log and marketplace tell. Random choices come from the
lab's seed.
"""

from __future__ import annotations

import email.utils
import http.client
import itertools
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import certificates
import schema
import topics
from lab import NODES, REAUTHENTICATE_MS, TIERS, Lab
from proxy import DOWN, FROZEN, REFUSED, UP, Fault
from stage import check_promise, expect, get, say, wait_for
from storm import Storm

RATE = 300
VIEWERS_TAPPING = 60
OFFERS = {f"shelf-{i}": 1_000_000 for i in range(1, 13)}
# Longer than any strike: the taps are ended when all is over.
LOAD_S = 600
# Longer than any scenario, shorter than ctest's own time-out: the stage still tidies up.
LIMIT_S = 480
SETTLE_S = 150

# The bridge's session with its group is 10 s, a call to the marketplace 10 s, a viewer's patience
# with a silent gateway 8 s; a freeze is longer than each.
FREEZE_S = 14
# A delivery is tried for 30 s.
DELIVERY_S = 32
CLOCK_LIBRARY = "libfaketimeMT.so.1"
ACCEPTED = r'jembatan_gateway_intents_total\{.*status="accepted"'
PENDING = ACCEPTED.replace("accepted", "pending")
CLAIMS = "jembatan_bridge_claims_total"
OWNED = "jembatan_bridge_partitions_owned"
PARTITIONS = 6


@dataclass(frozen=True)
class Scenario:
    name: str
    covers: str
    tells: str
    strike: Callable[[Lab], None]
    # Before the house starts.
    prepare: Callable[[Lab], None] = lambda lab: None
    # What the load's figures must show besides the promise.
    proof: Callable[[dict], None] = lambda figures: None
    # Why it cannot run here; empty: it can.
    lacks: Callable[[], str] = lambda: ""
    # Taps a second.
    rate: int = RATE
    viewers: int = VIEWERS_TAPPING
    limit_s: int = LIMIT_S
    # What is on sale, and how many of it.
    offers: dict[str, int] = field(default_factory=lambda: OFFERS)


def felt(condition: bool, what: str) -> None:
    expect(condition, f"the fault was not felt: {what}")


def total(lab: Lab, tier: str, pattern: str) -> float:
    return sum(lab.metric(name, pattern) for name in lab.names(tier))


def owns_all(lab: Lab, bridge: str) -> bool:
    return lab.metric(bridge, OWNED) == PARTITIONS


def uneasy(lab: Lab, low: float, high: float) -> None:
    time.sleep(lab.chance.uniform(low, high))


# --- Processes ----------------------------------------------------------------------------------


def kill_gateways(lab: Lab) -> None:
    for _ in range(3):
        name = lab.chance.choice(lab.names("gateway"))
        lab.kill_service(name)
        uneasy(lab, 1, 3)
        lab.restart(name)
        lab.await_ready(name)


def kill_bridges(lab: Lab) -> None:
    for _ in range(3):
        name, other = lab.chance.sample(lab.names("bridge"), 2)
        claims = lab.metric(other, CLAIMS)
        lab.kill_service(name)
        wait_for("the other bridge owns all", lambda o=other: owns_all(lab, o), 25)
        felt(lab.metric(other, CLAIMS) > claims, "the other bridge claimed nothing")
        lab.restart(name)
        lab.await_ready(name)
        # Only an owner's death is felt, and ready it is before it owns anything.
        wait_for("the bridge owns something again", lambda n=name: lab.metric(n, OWNED) > 0, 25)


def kill_marketplace(lab: Lab) -> None:
    for _ in range(3):
        claims = total(lab, "bridge", CLAIMS)
        lab.kill_service("marketplace")
        uneasy(lab, 1, 3)
        lab.restart("marketplace")
        lab.await_ready("marketplace")
        wait_for("the bridges claim anew", lambda c=claims: total(lab, "bridge", CLAIMS) > c, 15)


def viewers_left(figures: dict) -> None:
    felt(figures["disconnects"] > 0, "no viewer lost a connection")


def freeze_gateway(lab: Lab) -> None:
    name = lab.chance.choice(lab.names("gateway"))
    lab.freeze(name)
    time.sleep(FREEZE_S)
    lab.thaw(name)


def freeze_bridge(lab: Lab) -> None:
    """The other takes over, then the frozen one comes back as a zombie."""
    name, other = lab.chance.sample(lab.names("bridge"), 2)
    lab.freeze(name)
    wait_for("the other bridge owns all", lambda: owns_all(lab, other), 40)
    lab.thaw(name)
    wait_for("the thawed bridge owns again", lambda: lab.metric(name, OWNED) > 0, 40)


def freeze_marketplace(lab: Lab) -> None:
    claims = total(lab, "bridge", CLAIMS)
    lab.freeze("marketplace")
    time.sleep(FREEZE_S)
    lab.thaw("marketplace")
    wait_for("the bridges claim anew", lambda: total(lab, "bridge", CLAIMS) > claims, 15)


def roll_services(lab: Lab) -> None:
    for name in [*lab.names("gateway"), *lab.names("bridge"), "marketplace"]:
        lab.roll(name)


def drained(figures: dict) -> None:
    felt(figures["drains"] > 0, "no viewer was asked to leave")


# --- Brokers ------------------------------------------------------------------------------------


def leader_of_some(lab: Lab) -> int:
    return lab.chance.choice(lab.leaders())


def coordinator(lab: Lab) -> int:
    return lab.coordinator()


def kill_leader(lab: Lab) -> None:
    for _ in range(2):
        node = leader_of_some(lab)
        lab.kill_nodes(node)
        lab.await_leader_elsewhere(node)
        lab.start_nodes(node)
        lab.await_whole()


def freeze_broker(choose: Callable[[Lab], int]):
    def strike(lab: Lab) -> None:
        node = choose(lab)
        lab.freeze_nodes(node)
        lab.await_leader_elsewhere(node)
        time.sleep(5)
        lab.thaw_nodes(node)

    return strike


def none_accepted(lab: Lab, seconds: float) -> None:
    """Without a second copy nothing may be accepted; what was under way may be told still."""
    time.sleep(3)
    before = total(lab, "gateway", ACCEPTED)
    time.sleep(seconds)
    more = total(lab, "gateway", ACCEPTED) - before
    felt(more == 0, f"{more:.0f} intents were accepted by one broker of three")


def freeze_majority(lab: Lab) -> None:
    nodes = lab.chance.sample(NODES, 2)
    lab.freeze_nodes(*nodes)
    none_accepted(lab, 15)
    lab.thaw_nodes(*nodes)


def kill_majority(lab: Lab) -> None:
    nodes = lab.chance.sample(NODES, 2)
    lab.kill_nodes(*nodes)
    none_accepted(lab, 8)
    lab.start_nodes(*nodes)


def kill_all_nodes(lab: Lab) -> None:
    lab.run_kafka("kill", lab.kafka)
    lab.kill_nodes(*NODES)
    none_accepted(lab, 2)
    lab.start_nodes(*NODES)


def roll_nodes(lab: Lab) -> None:
    for node in NODES:
        led = node in lab.leaders()
        lab.stop_node(node)
        if led:
            lab.await_leader_elsewhere(node)
        lab.start_nodes(node)
        lab.await_whole()


def wipe_node(lab: Lab) -> None:
    node = leader_of_some(lab)
    log = lab.node(node) / "data" / "jembatan.intents.v1-0" / "00000000000000000000.log"
    before = log.stat().st_ino
    lab.kill_nodes(node)
    lab.await_leader_elsewhere(node)
    lab.wipe_node(node)
    lab.start_nodes(node)
    lab.await_whole()
    felt(log.stat().st_ino != before, "the node still has its old log")


def revoke_credentials(lab: Lab) -> None:
    """For longer than a delivery is tried: what is given up must be published again."""
    pending = total(lab, "gateway", PENDING)
    lab.revoke(*TIERS)
    time.sleep(2 * REAUTHENTICATE_MS / 1000)
    none_accepted(lab, DELIVERY_S)
    felt(total(lab, "gateway", PENDING) > pending, "nobody was told PENDING")
    ready = [get(lab.admin_ports[name], "/readyz")[0] for name in lab.names("gateway")]
    expect(200 not in ready, f"a gateway without a log is ready: {ready}")
    accepted = total(lab, "gateway", ACCEPTED)
    lab.grant(*TIERS)
    wait_for("something is accepted again",
             lambda: total(lab, "gateway", ACCEPTED) > accepted, 30)
    wait_for("the bridges share the partitions", lambda: shared(lab))


# --- The network --------------------------------------------------------------------------------


def hop(pattern: str, fault: Fault, counts: str, seconds: float, times: int = 1):
    """The fault on all hops of that name for some seconds; it must have struck so often."""

    def strike(lab: Lab) -> None:
        before = lab.counted(pattern, counts)
        lab.disturb(pattern, fault)
        time.sleep(seconds)
        for proxy in lab.proxies(pattern):
            proxy.clear()
        struck = lab.counted(pattern, counts) - before
        say(f"{pattern}: {counts}={struck}")
        felt(struck >= times, f"{pattern}: {counts}={struck}, not {times}")

    return strike


VIEWERS, CLIENTS, ORDERS = "gateway-.*", "clients-.*", "orders"


def isolate(lab: Lab, node: int, inwards: bool, outwards: bool) -> None:
    """Nobody's bytes reach the node, or none of its bytes anybody, or both. What it sends are its
    answers, which come down the hops to it, and its own requests, which go up those to others."""
    held_to = frozenset([UP] * inwards + [DOWN] * outwards)
    held_from = frozenset([UP] * outwards + [DOWN] * inwards)
    lab.disturb(f"(clients|brokers|controllers)-{node}", Fault(hold=held_to))
    me = frozenset((f"node-{node}",))
    lab.disturb(f"(brokers|controllers)-[^{node}]", Fault(hold=held_from, clients=me))


def partition(inwards: bool, outwards: bool, choose: Callable[[Lab], int] = leader_of_some):
    def strike(lab: Lab) -> None:
        node = choose(lab)
        isolate(lab, node, inwards, outwards)
        lab.await_leader_elsewhere(node)
        time.sleep(4)
        felt(lab.counted(f".*-{node}", "held") > 0, "no byte was held")
        lab.network.clear()

    return strike


def cut_from_kafka(lab: Lab, tier: str, seconds: float) -> None:
    refused = Fault(refuse=True, clients=frozenset(lab.names(tier)))
    lab.disturb(CLIENTS, refused)
    time.sleep(seconds)
    felt(lab.counted(CLIENTS, "resets") > 0, "no connection was cut")


def cut_gateways(lab: Lab) -> None:
    """The bridges go on: they still see Kafka."""
    claims = total(lab, "bridge", CLAIMS)
    cut_from_kafka(lab, "gateway", 3)
    none_accepted(lab, 8)
    felt(total(lab, "bridge", CLAIMS) == claims, "the bridges lost Kafka too")
    lab.network.clear()


def cut_bridges(lab: Lab) -> None:
    """The gateways go on: intents are accepted, nobody orders."""
    accepted = total(lab, "gateway", ACCEPTED)
    cut_from_kafka(lab, "bridge", 12)
    felt(total(lab, "gateway", ACCEPTED) > accepted, "the gateways lost Kafka too")
    lab.network.clear()


def no_marketplace(seconds: float):
    """Intents are accepted all the while, and ordered when it is back."""

    def strike(lab: Lab) -> None:
        lab.disturb(ORDERS, REFUSED)
        time.sleep(2)
        accepted, last = total(lab, "gateway", ACCEPTED), ledger_end(lab)
        time.sleep(seconds - 2)
        felt(lab.counted(ORDERS, "refused") > 0, "nobody tried to reach the marketplace")
        felt(ledger_end(lab) == last, "orders still came through")
        expect(total(lab, "gateway", ACCEPTED) > accepted, "nothing was accepted meanwhile")
        lab.network.clear()

    return strike


def ledger_end(lab: Lab) -> int:
    return max((row["seq"] for row in lab.ledger()), default=0)


def some_expired(figures: dict) -> None:
    felt(figures["expired"] > 0, "nothing expired")


def use_tls(lab: Lab) -> None:
    """Bridges and marketplace show each other certificates, as in production: on a plain hop
    nothing could tell a corrupted answer from a true one."""
    files = certificates.make(lab.folder)
    lab.more_flags["marketplace"] = {f"tls_{kind}": path for kind, path in files.items()}
    orders = {f"orders_tls_{kind}": path for kind, path in files.items()}
    lab.more_flags |= {f"bridge-{number}": orders for number in range(2)}


# --- Disks --------------------------------------------------------------------------------------


def lacks_root() -> str:
    return "" if os.geteuid() == 0 else "mounting a small disk needs root"


def small_marketplace_disk(lab: Lab) -> None:
    lab.mount(lab.folder / "disk", "24m")
    lab.more_flags["marketplace"] = {"database": lab.folder / "disk" / "marketplace.db"}


def fill_marketplace(lab: Lab) -> None:
    filler = lab.fill(lab.folder / "disk")
    time.sleep(4)
    last = ledger_end(lab)
    time.sleep(4)
    felt(ledger_end(lab) == last, "the marketplace still decides on a full disk")
    filler.unlink()
    say("room again")


def small_broker_disk(lab: Lab) -> None:
    lab.small_disks[1] = "96m"


def fill_broker(lab: Lab) -> None:
    """A broker that cannot write ends by itself; the others go on."""
    filler = lab.fill(lab.node(1) / "data")
    wait_for("the node ends", lambda: not Path(f"/proc/{lab.pids()['node-1']}").exists(), 30)
    lab.dead_nodes.add(1)
    lab.await_leader_elsewhere(1)
    filler.unlink()
    lab.start_nodes(1)


# --- Clocks -------------------------------------------------------------------------------------


def clock_library() -> Path | None:
    """libfaketime's, wherever the distribution keeps it."""
    return next(iter(sorted(Path("/usr/lib").glob(f"*/faketime/{CLOCK_LIBRARY}"))), None)


def lacks_faketime() -> str:
    return "" if clock_library() else f"{CLOCK_LIBRARY} is not here (package faketime)"


def own_clocks(tier: str):
    """The wall clock of the tier's programs is what a file says; the steady clock stays true."""

    def prepare(lab: Lab) -> None:
        clock = lab.folder / f"{tier}.clock"
        clock.write_text("+0\n")
        prefix = ["env", f"LD_PRELOAD={clock_library()}", f"FAKETIME_TIMESTAMP_FILE={clock}"]
        prefix += ["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
        names = ["marketplace"] if tier == "marketplace" else [f"{tier}-{n}" for n in range(2)]
        lab.prefixes |= {name: prefix for name in names}

    return prepare


def gateway_clock(lab: Lab) -> float:
    """As the Date of an HTTP answer tells it."""
    connection = http.client.HTTPConnection("127.0.0.1", lab.ports["gateway-0"], timeout=10)
    try:
        connection.request("GET", "/")
        date = connection.getresponse().getheader("Date")
    finally:
        connection.close()
    return email.utils.parsedate_to_datetime(date).timestamp()


def bridge_clock(lab: Lab) -> float:
    """The time at which one of the last outcomes says it was decided."""
    last = None
    for record in topics.dump(lab.brokers, topics.OUTCOMES, ("-o", "-5", "-c", "20")):
        message = topics.fields(record.value)
        if 4 in message and (last is None or record.append_ms >= last[0]):
            decided_at = topics.fields(topics.fields(message[4])[14])
            last = record.append_ms, decided_at[1]
    expect(last is not None, "there is no outcome yet")
    return last[1] + time.time() - last[0] / 1000


def marketplace_clock(lab: Lab) -> float:
    """The last time at which the ledger says a result was decided."""
    return max(lab.ledger(), key=lambda row: row["seq"])["decided_ms"] / 1000


CLOCKS = {"gateway": gateway_clock, "bridge": bridge_clock, "marketplace": marketplace_clock}
# Between an event that tells the time and our asking, and what is cut off in seconds.
CLOCK_DOUBT_S = 2.5


def step_clocks(tier: str, *steps_s: int):
    """The clocks of a tier jump, each time for some seconds."""

    def strike(lab: Lab) -> None:
        clock = lab.folder / f"{tier}.clock"
        for step_s in (*steps_s, 0):
            lab.note("clock steps", f"{tier}: {step_s:+} s")
            clock.with_suffix(".new").write_text(f"{step_s:+}\n")
            clock.with_suffix(".new").rename(clock)
            time.sleep(6)
            off_s = CLOCKS[tier](lab) - time.time()
            felt(abs(off_s - step_s) < CLOCK_DOUBT_S, f"{tier} is {off_s:+.1f} s off")

    return strike


def skew_refused(figures: dict) -> None:
    felt(figures["refused_by_reason"].get("CLOCK_SKEW", 0) > 0, "no intent was out of time")


# --- Versions of the contracts ------------------------------------------------------------------

# Of this one soon nothing is left, for the reason that only the newer version knows.
SCARCE = {"shelf-scarce": 20}
VERSIONED = {"gateway": 2, "bridge": 2, "marketplace": 1}


def instances(tier: str) -> list[str]:
    return [tier] if VERSIONED[tier] == 1 else [f"{tier}-{n}" for n in range(VERSIONED[tier])]


def begin_older(lab: Lab) -> None:
    for tier in VERSIONED:
        lab.versions |= {name: schema.binaries_of("older") for name in instances(tier)}


def tail(lab: Lab, topic: str) -> list[dict[int, object]]:
    """The fields of some of the topic's last records."""
    records = topics.dump(lab.brokers, topic, ("-o", "-200", "-c", "600"))
    return [topics.fields(record.value) for record in records]


def upgrade(order: tuple[str, ...]):
    """Tier by tier from the version before to this one and on to the next, one process at a time.
    Between two restarts all that can mix meets."""

    def strike(lab: Lab) -> None:
        for version in (lab.binaries, schema.binaries_of("newer")):
            for name in (name for tier in order for name in instances(tier)):
                lab.upgrade(name, version)
                wait_for("the bridges share the partitions", lambda: shared(lab))
                seen = ledger_end(lab)
                lab.await_results(seen + RATE)
        newer_felt(lab)

    return strike


def newer_felt(lab: Lab) -> None:
    felt(any(schema.NEW_FIELD in fields for fields in tail(lab, topics.INTENTS)),
         "no intent has the newer gateway's field")
    outcomes = [topics.fields(each[4]) for each in tail(lab, topics.OUTCOMES) if 4 in each]
    felt(any(schema.NEW_FIELD in each for each in outcomes),
         "no outcome has the newer bridge's field")
    rejected = [each[5] for each in outcomes if each[4] == topics.REJECTED]
    felt(schema.NEW_REASON in rejected, "no outcome has the newer marketplace's reason")


# --- The table ----------------------------------------------------------------------------------

PROCESSES = [
    Scenario("kill-gateway", "F01 F24", "kill -9 of a gateway, three times", kill_gateways,
             proof=viewers_left),
    Scenario("kill-bridge", "F02 F18", "kill -9 of a bridge, three times", kill_bridges),
    Scenario("kill-marketplace", "F03", "kill -9 of the marketplace, three times",
             kill_marketplace),
    Scenario("freeze-gateway", "F08", "a gateway stands still for 14 s", freeze_gateway,
             proof=viewers_left),
    Scenario("freeze-bridge", "F18 F19", "a bridge stands still until another owns its partitions",
             freeze_bridge),
    Scenario("freeze-marketplace", "F13 F14", "the marketplace stands still for 14 s",
             freeze_marketplace),
    Scenario("roll-services", "F34", "every service is restarted, one after the other",
             roll_services, proof=drained),
]

BROKERS = [
    Scenario("kill-leader", "F05", "kill -9 of a broker that leads, twice", kill_leader),
    Scenario("freeze-leader", "F08", "a broker that leads stands still",
             freeze_broker(leader_of_some)),
    Scenario("freeze-coordinator", "F08 F18", "the coordinator of the bridges' group stands still",
             freeze_broker(coordinator)),
    Scenario("kill-majority", "F07", "kill -9 of two brokers of three", kill_majority),
    Scenario("freeze-majority", "F08", "two brokers of three stand still", freeze_majority),
    Scenario("kill-brokers", "F04", "kill -9 of all brokers at once", kill_all_nodes),
    Scenario("roll-brokers", "F34 F42", "every broker is restarted, one after the other",
             roll_nodes),
    Scenario("wipe-broker", "F06", "a broker loses its disk and rejoins", wipe_node),
    Scenario("revoke-credentials", "F39", "gateways' and bridges' credentials are revoked for 40 s",
             revoke_credentials, prepare=Lab.use_credentials),
]

# Hop, fault, which counter proves it, for how many seconds, how often at least, F-numbers.
HOPS = {
    "viewers-slow": (VIEWERS, Fault(delay_ms=100, jitter_ms=300), "delayed", 12, 100, "F11"),
    "viewers-rate": (VIEWERS, Fault(bytes_per_s=2_000), "delayed", 12, 100, "F11"),
    "viewers-drop": (VIEWERS, Fault(drop_after=10_000), "dropped", 12, 20, "F10 F16"),
    "viewers-reset": (VIEWERS, Fault(reset_share=0.02), "resets", 12, 20, "F10 F16"),
    "viewers-half-close": (VIEWERS, Fault(half_close_after=2_000), "half_closed", 12, 20, "F25"),
    "viewers-freeze": (VIEWERS, FROZEN, "held", 12, 20, "F16"),
    "kafka-slow": (CLIENTS, Fault(delay_ms=30, jitter_ms=60), "delayed", 12, 100, "F11"),
    "kafka-rate": (CLIENTS, Fault(bytes_per_s=10_000), "delayed", 12, 100, "F11"),
    "kafka-drop": (CLIENTS, Fault(drop_after=100_000), "dropped", 12, 5, "F10"),
    "kafka-reset": (CLIENTS, Fault(reset_share=0.003), "resets", 12, 5, "F10"),
    "kafka-half-close": (CLIENTS, Fault(half_close_after=20_000), "half_closed", 12, 5, "F10"),
    "kafka-freeze": (CLIENTS, FROZEN, "held", 12, 5, "F08 F09"),
    "orders-slow": (ORDERS, Fault(delay_ms=300, jitter_ms=700), "delayed", 12, 10, "F12"),
    "orders-rate": (ORDERS, Fault(bytes_per_s=20_000), "delayed", 12, 10, "F12"),
    "orders-drop": (ORDERS, Fault(drop_after=30_000), "dropped", 12, 5, "F14"),
    "orders-reset": (ORDERS, Fault(reset_share=0.01), "resets", 12, 5, "F14"),
    "orders-half-close": (ORDERS, Fault(half_close_after=20_000), "half_closed", 12, 2, "F14"),
    "orders-freeze": (ORDERS, FROZEN, "held", 14, 1, "F13 F14"),
    "orders-no-answer": (ORDERS, Fault(hold=frozenset((DOWN,))), "held", 14, 1, "F14"),
    "orders-double": (ORDERS, Fault(double_share=0.02), "doubled", 12, 2, "F14"),
}

# The other side cannot believe a byte of these: see use_tls.
TLS_HOPS = {
    "orders-corrupt": (ORDERS, Fault(corrupt_share=0.01), "corrupted", 12, 5, "F44"),
}


def describe(pattern: str, fault: Fault, seconds: float) -> str:
    hops = {VIEWERS: "viewers and gateways", CLIENTS: "services and Kafka",
            ORDERS: "bridges and marketplace"}
    return f"between {hops[pattern]} {seconds} s of {fault.told()}"


def hop_scenarios(rows: dict, prepare: Callable[[Lab], None]) -> list[Scenario]:
    return [
        Scenario(name, covers, describe(pattern, fault, seconds),
                 hop(pattern, fault, counts, seconds, times), prepare=prepare)
        for name, (pattern, fault, counts, seconds, times, covers) in rows.items()
    ]


NETWORK = [
    *hop_scenarios(HOPS, lambda lab: None),
    *hop_scenarios(TLS_HOPS, use_tls),
    Scenario("partition-in", "F09", "no byte reaches a broker that leads", partition(True, False)),
    Scenario("partition-out", "F09", "no byte of a broker that leads reaches anybody",
             partition(False, True)),
    Scenario("partition", "F09", "a broker that leads is alone", partition(True, True)),
    Scenario("partition-coordinator", "F09 F18", "the coordinator of the bridges' group is alone",
             partition(True, True, coordinator)),
    Scenario("coordinator-out", "F09 F18",
             "no byte of the coordinator of the bridges' group reaches anybody",
             partition(False, True, coordinator)),
    Scenario("cut-gateways", "F09 F16", "the gateways lose Kafka, the bridges see it",
             cut_gateways),
    Scenario("cut-bridges", "F09", "the bridges lose Kafka, the gateways see it", cut_bridges),
    Scenario("no-marketplace", "F13", "the marketplace cannot be reached for 60 s",
             no_marketplace(60)),
    Scenario("no-marketplace-long", "F13", "the marketplace cannot be reached for 140 s",
             no_marketplace(140), proof=some_expired),
]

DISKS = [
    Scenario("full-marketplace", "F20", "the marketplace's disk is full for 8 s",
             fill_marketplace, prepare=small_marketplace_disk, lacks=lacks_root),
    Scenario("full-broker", "F20", "a broker's disk is full", fill_broker,
             prepare=small_broker_disk, lacks=lacks_root),
]


def clock_scenario(tier: str, far: bool, steps_s: tuple[int, ...], **more) -> Scenario:
    name = f"clock-{tier}-far" if far else f"clock-{tier}"
    steps = " and ".join(f"{step_s:+}" for step_s in steps_s)
    return Scenario(name, "F23", f"the clock of every {tier} steps to {steps} s",
                    step_clocks(tier, *steps_s), prepare=own_clocks(tier),
                    lacks=lacks_faketime, **more)


ALLOWED_SKEW_S, FAR_S = 4, 300
TIME = [
    clock_scenario("gateway", False, (ALLOWED_SKEW_S, -ALLOWED_SKEW_S)),
    clock_scenario("gateway", True, (FAR_S, -FAR_S), proof=skew_refused),
    clock_scenario("bridge", False, (ALLOWED_SKEW_S, -ALLOWED_SKEW_S)),
    clock_scenario("bridge", True, (FAR_S, -FAR_S), proof=some_expired),
    clock_scenario("marketplace", False, (ALLOWED_SKEW_S, -ALLOWED_SKEW_S)),
    clock_scenario("marketplace", True, (FAR_S, -FAR_S), proof=some_expired),
]

STORM_S = 240


def storm(hops: dict):
    """With harm on these hops too; without any, no byte has to pass a proxy."""

    def strike(lab: Lab) -> None:
        Storm(lab, [row[:2] for row in hops.values()]).strike(STORM_S)

    return strike


def direct(lab: Lab) -> None:
    lab.proxied = False


STORMS = [
    Scenario("storm", "F01-F19", f"harm of all kinds at once for {STORM_S} s", storm(HOPS),
             rate=500, limit_s=900),
    Scenario("storm-fast", "F01-F08", f"services and brokers die at once for {STORM_S} s",
             storm({}), prepare=direct, rate=5_000, viewers=300, limit_s=900),
]

UPGRADES = [
    Scenario("upgrade-" + "-".join(order), "F34 F36",
             f"contracts N-1, N, N+1: first {order[0]}, then {order[1]}, then {order[2]}",
             upgrade(order), prepare=begin_older, lacks=schema.lacking, offers=OFFERS | SCARCE)
    for order in itertools.permutations(VERSIONED)
]

SCENARIOS = {s.name: s for s in [*PROCESSES, *BROKERS, *NETWORK, *DISKS, *TIME, *UPGRADES, *STORMS]}


# --- One run ------------------------------------------------------------------------------------


def shared(lab: Lab) -> bool:
    """Whether every bridge owns some: no rebalance is under way that could be taken for harm."""
    owned = [lab.metric(name, OWNED) for name in lab.names("bridge")]
    return all(owned) and sum(owned) == PARTITIONS


def play(lab: Lab, scenario: Scenario) -> dict:
    """From an empty folder to the verdict; the load's figures."""
    scenario.prepare(lab)
    lab.start_house(scenario.offers)
    lab.start_load(rate=scenario.rate, seconds=LOAD_S, viewers=scenario.viewers,
                   settle_seconds=SETTLE_S)
    lab.await_results(2 * scenario.rate)
    wait_for("the bridges share the partitions", lambda: shared(lab))
    scenario.strike(lab)
    lab.calm()
    lab.await_results(ledger_end(lab) + 1)
    time.sleep(2)
    lab.processes["load"].send_signal(signal.SIGTERM)
    figures = lab.await_load(SETTLE_S + 60)
    check_promise(figures)
    scenario.proof(figures)
    lab.check_history()
    lab.stop_all()
    return figures
