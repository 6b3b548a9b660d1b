#!/usr/bin/env python3
"""Buys for one viewer from an app's back end, over gRPC, and keeps the client's rule: one id made
before the first send; the same id and body again until an outcome, or NONE, ends it.

usage: PYTHONPATH=proto TOKEN=... buy.py HOST:PORT[,HOST:PORT...] OFFER PRICE_MINOR
"""

import os
import random
import sys
import threading
import time
import uuid

import grpc

pb, rpc = grpc.protos_and_services("jembatan/intake/v1/intake.proto")


def new_id() -> str:
    """A UUIDv7: its time + 120 s is the deadline."""
    time_and_version = time.time_ns() // 1_000_000 << 80 | 7 << 76 | random.getrandbits(12) << 64
    return str(uuid.UUID(int=time_and_version | 2 << 62 | random.getrandbits(62)))


def send(service, metadata, intent):
    """Submits it on a stream; yields its receipts and outcomes."""
    over = threading.Event()
    frame = pb.ClientFrame(intents=[intent])
    frames = (one for one in (frame, None) if one or over.wait())
    try:
        for told in service.StreamIntents(frames, metadata=metadata, timeout=30):
            yield from told.receipts
            yield from (one for one in told.outcomes if one.intent_id == intent.intent_id)
    finally:
        over.set()


def main(targets: str, offer: str, price: str) -> int:
    service = rpc.IntakeServiceStub(grpc.insecure_channel(f"ipv4:{targets}"))
    metadata = [("authorization", f"Bearer {os.environ['TOKEN']}")]
    seen = pb.Money(currency="IDR", amount_minor=int(price))
    intent = pb.Intent(intent_id=new_id(), offer_id=offer, quantity=1, price_seen=seen)
    may_be_in_log = False
    for attempt in range(60):
        wait_s = min(10, 0.25 * 2**attempt)
        try:
            for word in send(service, metadata, intent):
                print(str(word).replace("\n", " "), flush=True)
                if isinstance(word, pb.Receipt) and word.status == word.STATUS_REFUSED:
                    if not may_be_in_log and not word.retry_after_ms:
                        return 1
                    wait_s = max(wait_s, word.retry_after_ms / 1000)
                    break
                may_be_in_log = True
                if isinstance(word, pb.Outcome) and word.state != word.STATE_UNCONFIRMED:
                    return 0 if word.state == word.STATE_ORDERED else 1
        except grpc.RpcError as error:
            may_be_in_log = True
            print(error.code().name, error.details(), file=sys.stderr)
        time.sleep(random.uniform(wait_s / 2, wait_s))
    query = pb.GetOutcomesRequest.Query(intent_id=intent.intent_id, offer_id=offer)
    print(service.GetOutcomes(pb.GetOutcomesRequest(queries=[query]), metadata=metadata))
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
