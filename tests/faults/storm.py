"""The storm: harm of every kind at once, one blow upon the other, while viewers tap fast.

A scenario of scenarios.py shows that one kind of harm is felt and survived; a storm looks for what
only their meeting breaks. Services, brokers and network have a thread each, so that a blow falls
while another is being mended. A kind of harm is only ever done by one of the threads; to the
services by the caller's, because they die with the thread that started them.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lab import NODES, Lab
from proxy import Fault
from stage import expect

# How long a blow lasts and how long it is quiet before the next, in seconds: drawn between.
Span = tuple[float, float]
SERVICE_DEATH_S: Span = (0.2, 6)
# Some are longer than the bridge's session with its group: it comes back as a zombie.
SERVICE_FREEZE_S: Span = (0.2, 13)
SERVICE_REST_S: Span = (0.5, 4)
# A broker that was killed takes some seconds to come back, and then its replicas must catch up.
BROKER_HARM_S: Span = (0.5, 5)
BROKER_REST_S: Span = (4, 16)
NETWORK_HARM_S: Span = (0.3, 2.5)
NETWORK_REST_S: Span = (0.1, 2.5)


class Storm:
    """One of a lab. strike() returns when the seconds are over and every blow is mended, but for
    what calm() mends."""

    def __init__(self, lab: Lab, hops: list[tuple[str, Fault]]):
        self.lab = lab
        self.hops = hops
        self.over = threading.Event()

    def strike(self, seconds: float) -> None:
        end = threading.Timer(seconds, self.over.set)
        lanes = [self.harm_brokers, *[self.harm_network] * bool(self.hops)]
        services, *seeds = (self.lab.chance.getrandbits(32) for _ in range(1 + len(lanes)))
        with ThreadPoolExecutor(len(lanes)) as pool:
            under_way = [pool.submit(self.blow_on, *lane) for lane in zip(lanes, seeds)]
            end.start()
            try:
                self.blow_on(self.harm_services, services)
            finally:
                end.cancel()
            for lane in under_way:
                lane.result()
        for kind in ("process kills", "broker kills", *["network faults"] * bool(self.hops)):
            expect(self.lab.harm[kind] > 0, f"a storm without {kind}")

    def blow_on(self, lane: Callable[[random.Random], None], seed: int) -> None:
        """Until it is over; one failed lane ends them all."""
        chance = random.Random(seed)
        try:
            while not self.over.is_set():
                lane(chance)
        finally:
            self.over.set()

    def rest(self, chance: random.Random, span: Span) -> None:
        self.over.wait(chance.uniform(*span))

    # --- The lanes: one blow and what follows it ------------------------------------------------

    def harm_services(self, chance: random.Random) -> None:
        lab = self.lab
        lab.revive()
        name = chance.choice([*lab.names("gateway"), *lab.names("bridge"), "marketplace"])
        how = chance.choices(("kill", "freeze", "stop"), (6, 4, 2))[0]
        if how == "freeze":
            lab.freeze(name)
            self.rest(chance, SERVICE_FREEZE_S)
            lab.thaw(name)
        else:
            # Who has not come up yet need not end as it should.
            gently = how == "stop" and lab.is_ready(name)
            (lab.stop_service if gently else lab.kill_service)(name)
            self.rest(chance, SERVICE_DEATH_S)
            lab.restart(name)
        self.rest(chance, SERVICE_REST_S)

    def harm_brokers(self, chance: random.Random) -> None:
        """Mostly one; two together leave no majority for that long."""
        lab = self.lab
        nodes = chance.sample(NODES, chance.choice((1, 1, 1, 2)))
        if chance.random() < 0.7:
            lab.kill_nodes(*nodes)
            self.rest(chance, BROKER_HARM_S)
            lab.start_nodes(*nodes)
        else:
            lab.freeze_nodes(*nodes)
            self.rest(chance, BROKER_HARM_S)
            lab.thaw_nodes(*nodes)
        self.rest(chance, BROKER_REST_S)

    def harm_network(self, chance: random.Random) -> None:
        """One to three hops at once."""
        for pattern, fault in chance.sample(self.hops, chance.choice((1, 2, 3))):
            self.lab.disturb(pattern, fault)
        self.rest(chance, NETWORK_HARM_S)
        self.lab.network.clear()
        self.rest(chance, NETWORK_REST_S)
