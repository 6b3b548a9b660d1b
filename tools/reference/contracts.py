"""The contracts as protoc reads them: messages, enums and services with their comments, and the
JSON schema of a message's proto3 JSON form."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"

Kind = descriptor_pb2.FieldDescriptorProto

_SCALARS: dict[int, dict] = {
    Kind.TYPE_BOOL: {"type": "boolean"},
    Kind.TYPE_STRING: {"type": "string"},
    Kind.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    Kind.TYPE_INT32: {"type": "integer", "format": "int32"},
    Kind.TYPE_UINT32: {"type": "integer", "minimum": 0},
    # Written as text: a number in JSON is not exact beyond 2^53.
    Kind.TYPE_INT64: {"type": ["string", "integer"], "format": "int64"},
    Kind.TYPE_UINT64: {"type": ["string", "integer"], "format": "uint64"},
    Kind.TYPE_DOUBLE: {"type": "number"},
}
_TIMESTAMP = ".google.protobuf.Timestamp"


@dataclass
class Field:
    name: str
    json_name: str
    number: int
    kind: int
    type_name: str
    repeated: bool
    comment: str


@dataclass
class Message:
    name: str
    comment: str
    fields: list[Field]


@dataclass
class Enum:
    name: str
    comment: str
    values: list[tuple[str, int, str]]


@dataclass
class Method:
    name: str
    comment: str
    request: str
    response: str
    streams: tuple[bool, bool]


@dataclass
class Service:
    name: str
    comment: str
    methods: list[Method]


@dataclass
class Contracts:
    """By full name, with a leading dot as descriptors write it, in the files' order."""

    messages: dict[str, Message] = field(default_factory=dict)
    enums: dict[str, Enum] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    # What a package's file says at its head.
    heads: dict[str, str] = field(default_factory=dict)


def tidy(comment: str) -> str:
    lines = [line.removeprefix(" ") for line in comment.strip("\n").splitlines()]
    return "\n".join(line for line in lines if not line.startswith("buf:")).strip()


class Reader:
    """One file's descriptors, with the comments that protoc keeps beside them."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto, into: Contracts):
        self.file = file
        self.into = into
        self.comments = {
            tuple(place.path): place.leading_comments for place in file.source_code_info.location
        }
        self.package = f".{file.package}"

    def comment(self, *path: int) -> str:
        return tidy(self.comments.get(path, ""))

    def read(self) -> None:
        for i, message in enumerate(self.file.message_type):
            self.message(message, self.package, (4, i))
        for i, enum in enumerate(self.file.enum_type):
            self.enum(enum, self.package, (5, i))
        first = not any(one.startswith(f"{self.package}.") for one in self.into.services)
        for i, service in enumerate(self.file.service):
            self.service(service, (6, i))
        if (self.file.service and first) or self.package not in self.into.heads:
            self.into.heads[self.package] = self.comment(2)

    def message(
        self, message: descriptor_pb2.DescriptorProto, scope: str, path: tuple[int, ...]
    ) -> None:
        name = f"{scope}.{message.name}"
        fields = [
            Field(
                one.name,
                one.json_name,
                one.number,
                one.type,
                one.type_name,
                one.label == Kind.LABEL_REPEATED,
                self.comment(*path, 2, i),
            )
            for i, one in enumerate(message.field)
        ]
        self.into.messages[name] = Message(name, self.comment(*path), fields)
        for i, nested in enumerate(message.nested_type):
            self.message(nested, name, (*path, 3, i))
        for i, enum in enumerate(message.enum_type):
            self.enum(enum, name, (*path, 4, i))

    def enum(
        self, enum: descriptor_pb2.EnumDescriptorProto, scope: str, path: tuple[int, ...]
    ) -> None:
        name = f"{scope}.{enum.name}"
        values = [
            (value.name, value.number, self.comment(*path, 2, i))
            for i, value in enumerate(enum.value)
        ]
        self.into.enums[name] = Enum(name, self.comment(*path), values)

    def service(
        self, service: descriptor_pb2.ServiceDescriptorProto, path: tuple[int, ...]
    ) -> None:
        name = f"{self.package}.{service.name}"
        methods = [
            Method(
                one.name,
                self.comment(*path, 2, i),
                one.input_type,
                one.output_type,
                (one.client_streaming, one.server_streaming),
            )
            for i, one in enumerate(service.method)
        ]
        self.into.services[name] = Service(name, self.comment(*path), methods)


def read_contracts() -> Contracts:
    files = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("jembatan/*/v1/*.proto"))
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(
            ["protoc", f"-I{PROTO}", "--include_source_info", f"-o{out.name}", *files], check=True
        )
        read = descriptor_pb2.FileDescriptorSet.FromString(Path(out.name).read_bytes())
    contracts = Contracts()
    for file in read.file:
        Reader(file, contracts).read()
    return contracts


def short(name: str) -> str:
    """A message's name without its package: the key of its schema."""
    parts = name.strip(".").split(".")
    return ".".join(part for part in parts if part[:1].isupper())


def reachable(contracts: Contracts, roots: list[str]) -> list[str]:
    """The messages and enums that these messages hold, themselves included."""
    seen: list[str] = []
    ahead = list(roots)
    while ahead:
        name = ahead.pop(0)
        if name in seen or name == _TIMESTAMP:
            continue
        seen.append(name)
        if name in contracts.messages:
            ahead += [one.type_name for one in contracts.messages[name].fields if one.type_name]
    return seen


def schema_of(contracts: Contracts, name: str, *, closed: bool) -> dict:
    """The JSON schema of a message or enum. closed: what is not named here is refused."""
    if enum := contracts.enums.get(name):
        told = "\n".join(f"- {value}: {comment}" for value, _, comment in enum.values)
        names = [value for value, _, _ in enum.values]
        return {"type": "string", "description": f"{enum.comment}\n\n{told}", "enum": names}
    message = contracts.messages[name]
    schema: dict = {"type": "object", "description": message.comment}
    schema["properties"] = {one.json_name: field_schema(one) for one in message.fields}
    if closed:
        schema["additionalProperties"] = False
    return schema


def field_schema(one: Field) -> dict:
    if one.type_name == _TIMESTAMP:
        schema = {"type": "string", "format": "date-time"}
    elif one.type_name:
        schema = {"$ref": f"#/components/schemas/{short(one.type_name)}"}
    else:
        schema = dict(_SCALARS[one.kind])
    if one.repeated:
        schema = {"type": "array", "items": schema}
    return {**schema, "description": one.comment}


def schemas_of(contracts: Contracts, requests: list[str], answers: list[str]) -> dict:
    """By short name, what requests and answers hold. Requests are closed: in JSON the gateway
    refuses a field that it does not know, while a newer one's answers may hold more."""
    open_names = reachable(contracts, answers)
    names = [*reachable(contracts, requests), *open_names]
    return {
        short(name): schema_of(contracts, name, closed=name not in open_names)
        for name in sorted(set(names), key=short)
    }
