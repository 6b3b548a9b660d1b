"""The peers: which processes each is, and what stands in for the half that it is not."""

from __future__ import annotations

from cell import Cell, Peer


def jembatan(cell: Cell) -> None:
    cell.start_bridge("bridge-0", cell.orders_target)
    cell.start_gateway("gateway-0")


def parallel_consumer(cell: Cell) -> None:
    cell.java("consumer", "ParallelConsumerBridge", brokers=cell.brokers,
              orders_target=cell.orders_target)


def spring(careful: str):
    def start(cell: Cell) -> None:
        cell.java("consumer", "SpringBridge", brokers=cell.brokers,
                  orders_target=cell.orders_target, careful=careful)

    return start


def vertx(cell: Cell) -> None:
    cell.start_bridge("bridge-0", cell.orders_target)
    port = cell.port()
    cell.java("gateway", "VertxGateway", brokers=cell.brokers, port=port)
    cell.url = f"http://127.0.0.1:{port}/intents"


PEERS = {
    peer.name: peer
    for peer in (
        Peer("jembatan", "gateway and bridge; viewers are jembatan-load's, by WebSocket", jembatan,
             ("bridge-0", "gateway-0"), intake=True),
        Peer("parallel-consumer",
             "Confluent Parallel Consumer 0.5.3.3, order per key, 64 at a time, else its defaults",
             parallel_consumer, ("consumer",)),
        Peer("spring-default",
             "Spring Kafka 3.3.10, a consumer per partition, the default error handler",
             spring("no"), ("consumer",)),
        Peer("spring-careful",
             "the same, each record committed by itself, retries without end, dead letters, "
             "static membership", spring("yes"), ("consumer",)),
        Peer("vertx",
             "Vert.x 5.0.7 gateway by HTTP POST: acks=all, idempotent, 202 at the delivery report; "
             "behind it Jembatan's bridge, whose the orders' columns are",
             vertx, ("gateway",), intake=True, orders=False),
    )
}
