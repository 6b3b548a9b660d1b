"""The table of rights, and the same in a cluster: what is there, what is added and taken away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wire import Connection, WireError, array, i8, text

DESCRIBE_ACLS, CREATE_ACLS, DELETE_ACLS = 29, 30, 31
# Numbers of Kafka's protocol.
RESOURCES = {"topic": 2, "group": 3, "cluster": 4}
OPERATIONS = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Alter": 7,
    "Describe": 8,
    "ClusterAction": 9,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
    "IdempotentWrite": 12,
}
ANY, ALLOW, LITERAL = 1, 3, 3
CLUSTER_NAME = "kafka-cluster"
ROWS_MAX = 10_000


class AclError(Exception):
    """The table cannot be read; the message has the line."""


@dataclass(frozen=True, order=True)
class Acl:
    """One right: literal name, any host, allowed. What is otherwise in a cluster has a resource or
    an operation that no table names."""

    principal: str
    operation: str
    resource: str
    name: str

    def __str__(self) -> str:
        return f"{self.principal} {self.operation} {self.resource} {self.name}"


def read_table(path: Path) -> set[Acl]:
    """All or nothing."""
    acls: set[Acl] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[:ROWS_MAX], 1):
        if not line or line.startswith("#"):
            continue
        columns = line.split()
        if len(columns) != 4:
            raise AclError(f"{path}:{number}: principal, operation, resource and name expected")
        acl = Acl(*columns)
        if acl.operation not in OPERATIONS or acl.resource not in RESOURCES:
            raise AclError(f"{path}:{number}: no such operation or resource: {acl}")
        if acl in acls:
            raise AclError(f"{path}:{number}: named twice: {acl}")
        acls.add(acl)
    if not acls:
        raise AclError(f"{path}: no right is named")
    return acls


def named(numbers: dict[str, int], number: int) -> str:
    return next((name for name, each in numbers.items() if each == number), f"?{number}")


def listed(cluster: Connection) -> set[Acl]:
    """Every right in the cluster."""
    nothing = text(None)
    query = i8(ANY) + nothing + i8(ANY) + nothing + nothing + i8(ANY) + i8(ANY)
    answer = cluster.call(DESCRIBE_ACLS, 1, query)
    answer.i32()
    error, why = answer.i16(), answer.text()
    if error:
        raise WireError(f"rights cannot be listed: error {error} {why}")
    acls: set[Acl] = set()

    def resource() -> None:
        kind, name, pattern = answer.i8(), answer.text(), answer.i8()
        # What no table can say is told so that it can be found, and differs from everything.
        mark = "" if pattern == LITERAL else f"?pattern {pattern}: "

        def right() -> None:
            principal, host = answer.text(), answer.text()
            operation, permission = answer.i8(), answer.i8()
            odd = "" if host == "*" and permission == ALLOW else f"?host {host} {permission}: "
            acls.add(Acl(principal.removeprefix("User:"), odd + named(OPERATIONS, operation),
                         mark + named(RESOURCES, kind), name))

        answer.array(right)

    answer.array(resource)
    return acls


def create(cluster: Connection, acls: set[Acl]) -> None:
    if not acls:
        return
    rows = [i8(RESOURCES[acl.resource]) + text(acl.name) + i8(LITERAL)
            + text(f"User:{acl.principal}") + text("*") + i8(OPERATIONS[acl.operation]) + i8(ALLOW)
            for acl in sorted(acls)]
    answer = cluster.call(CREATE_ACLS, 1, array(*rows))
    answer.i32()
    for error, why in answer.array(lambda: (answer.i16(), answer.text())):
        if error:
            raise WireError(f"a right cannot be granted: error {error} {why}")


def delete(cluster: Connection, acls: set[Acl]) -> None:
    """By principal, name, operation and resource; of what no table can say, everything that is
    under that principal and name."""
    if not acls:
        return
    rows = [i8(RESOURCES.get(acl.resource, ANY)) + text(acl.name) + i8(ANY)
            + text(f"User:{acl.principal}") + text(None) + i8(OPERATIONS.get(acl.operation, ANY))
            + i8(ANY) for acl in sorted(acls)]
    answer = cluster.call(DELETE_ACLS, 1, array(*rows))
    answer.i32()
    # Each filter's own error comes first; what it matched is of no interest.
    if answer.i32() and (error := answer.i16()):
        raise WireError(f"a right cannot be taken back: error {error} {answer.text()}")
