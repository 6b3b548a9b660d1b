"""AsyncAPI 3 of the WebSocket and the topics, OpenAPI 3.1 of the HTTP calls, from the contracts."""

from __future__ import annotations

import re

from contracts import ROOT, Contracts, Method, reachable, schema_of, schemas_of, short

INTAKE = ".jembatan.intake.v1"
CROSSING = ".jembatan.crossing.v1"
SERVICE = f"{INTAKE}.IntakeService"
ROOM_SERVICE = f"{INTAKE}.RoomService"

# What each topic of libs/kafka/config.h holds: key, value, who writes, who reads.
TOPICS = {
    "kIntentsTopic": (
        "offer_id",
        f"{CROSSING}.PurchaseIntent",
        "gateways",
        "bridges, auditors",
    ),
    "kOutcomesTopic": (
        "offer_id, in the partition of its intent",
        f"{CROSSING}.OutcomeRecord",
        "bridges",
        "gateways, bridges, auditors",
    ),
    "kOrderStatesTopic": (
        "intent_id",
        f"{CROSSING}.OrderStateRecord",
        "bridges",
        "gateways, bridges",
    ),
    "kOffersTopic": ("offer_id", f"{CROSSING}.Offer", "bridges", "gateways, bridges"),
    "kControlsTopic": (
        "subject, version and digest",
        f"{CROSSING}.Control",
        "operators",
        "gateways, bridges, auditors",
    ),
    "kDeadLettersTopic": (
        "offer_id",
        f"{CROSSING}.DeadLetter",
        "bridges",
        "operators, auditors",
    ),
    "kRoomsTopic": (
        "room_id, and for a pin a line feed and offer_id",
        f"{INTAKE}.RoomRecord",
        "gateways",
        "gateways",
    ),
}

BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The viewer's token (ES256 or EdDSA): sub, iss, aud, exp, region, shop_consent, "
    "shop_consent_version. RoomService: the back end's, with rooms among its roles.",
}


def version() -> str:
    found = re.search(r"project\(jembatan VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
    if not found:
        raise SystemExit("CMakeLists.txt names no version")
    return found[1]


# --- OpenAPI ------------------------------------------------------------------------------------


CONNECT_ERROR = {
    "type": "object",
    "description": "An error of the Connect protocol.",
    "required": ["code"],
    "properties": {
        "code": {"type": "string", "description": "invalid_argument, unauthenticated and so on."},
        "message": {"type": "string", "description": "For developers, in English."},
        "details": {
            "type": "array",
            "description": "google.rpc.ErrorInfo with the reason, then LocalizedMessage in id-ID "
            "and en, and RetryInfo where a resend can help.",
            "items": {
                "type": "object",
                "required": ["type", "value"],
                "properties": {
                    "type": {"type": "string"},
                    "value": {"type": "string", "contentEncoding": "base64"},
                    "debug": {"type": "object"},
                },
            },
        },
    },
}

# Of the Connect specification; the gateway answers some with a more telling status.
ERRORS = {
    "400": "The request does not follow the contract.",
    "401": "No token, or one that does not verify.",
    "404": "No such method.",
    "405": "POST alone is taken.",
    "413": "The body is over 64 KiB.",
    "415": "Neither application/json nor application/proto.",
    "431": "The header is over 8 KiB.",
    "501": "A content encoding other than identity.",
    "503": "The service cannot take it now: try again.",
    "504": "No receipt within Connect-Timeout-Ms: ask GetOutcomes, or resend the same id and body.",
}
ROOM_ERRORS = {
    **ERRORS,
    "400": "The request does not follow the contract, or the room is not open.",
    "403": "The token does not name the role rooms.",
    "404": "No such room, or no such method.",
    "409": "Another call has changed the room meanwhile.",
    "429": "A bound is reached: of open rooms, of offers in a room, of calls.",
    "504": "No answer within Connect-Timeout-Ms: repeat the call.",
}

PARAMETERS = [
    {
        "name": "Connect-Protocol-Version",
        "in": "header",
        "schema": {"type": "string", "const": "1"},
        "description": "Absent: 1.",
    },
    {
        "name": "Connect-Timeout-Ms",
        "in": "header",
        "schema": {"type": "string", "pattern": "^[0-9]{1,10}$"},
        "description": "How long the caller waits; 10,000 at most count.",
    },
]


def bodies(name: str) -> dict:
    return {
        "application/json": {"schema": {"$ref": f"#/components/schemas/{short(name)}"}},
        "application/proto": {"schema": {"description": f"{name.strip('.')} in binary."}},
    }


def calls(contracts: Contracts, service: str, errors: dict[str, str]) -> dict:
    """The paths of a service's unary methods."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/ConnectError"}}}
    refusals = {
        code: {"description": told, "content": error} for code, told in sorted(errors.items())
    }
    paths = {}
    for method in unary(contracts, service):
        answer = {"description": "The answer.", "content": bodies(method.response)}
        paths[f"/{service.strip('.')}/{method.name}"] = {
            "post": {
                "operationId": method.name,
                "summary": method.comment,
                "parameters": PARAMETERS,
                "requestBody": {"required": True, "content": bodies(method.request)},
                "responses": {"200": answer, **refusals},
            }
        }
    return paths


def unary(contracts: Contracts, service: str) -> list[Method]:
    return [one for one in contracts.services[service].methods if not any(one.streams)]


def openapi(contracts: Contracts) -> dict:
    methods = unary(contracts, SERVICE) + unary(contracts, ROOM_SERVICE)
    paths = calls(contracts, SERVICE, ERRORS) | calls(contracts, ROOM_SERVICE, ROOM_ERRORS)
    schemas = schemas_of(
        contracts, [one.request for one in methods], [one.response for one in methods]
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jembatan's gateway over HTTP",
            "version": version(),
            "description": "The unary methods of IntakeService and RoomService in the Connect "
            "protocol. A refused intent is a result (200 with a REFUSED receipt); a request that "
            "cannot be served is an error. Written by tools/reference/run from proto/; do not "
            "edit.",
        },
        "servers": [{"url": "http://127.0.0.1:8080"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "ConnectError": CONNECT_ERROR},
            "securitySchemes": {"bearer": BEARER},
        },
    }


# --- AsyncAPI -----------------------------------------------------------------------------------


def message(name: str, contracts: Contracts, content_type: str) -> dict:
    return {
        "name": name.strip("."),
        "title": short(name),
        "summary": contracts.messages[name].comment,
        "contentType": content_type,
        "payload": {"$ref": f"#/components/schemas/{schema_key(name)}"},
    }


def schema_key(name: str) -> str:
    """Two packages have a Money, a Reason, an Outcome."""
    return short(name) if name.startswith(INTAKE) else f"crossing.{short(name)}"


def crossing_schemas(contracts: Contracts, roots: list[str]) -> dict:
    schemas = {}
    for name in reachable(contracts, roots):
        schema = schema_of(contracts, name, closed=False)
        for one in schema.get("properties", {}).values():
            for place in (one, one.get("items", {})):
                if "$ref" in place:
                    place["$ref"] = place["$ref"].replace("schemas/", "schemas/crossing.")
        schemas[schema_key(name)] = schema
    return schemas


def topic_names() -> dict[str, str]:
    header = (ROOT / "libs/kafka/config.h").read_text()
    return dict(re.findall(r'constexpr char (k\w+Topic)\[\] = "([^"]+)"', header))


def asyncapi(contracts: Contracts) -> dict:
    names = topic_names()
    if set(names) != set(TOPICS):
        raise SystemExit(f"tools/reference/specs.py knows other topics than {sorted(names)}")
    frames = {name: f"{INTAKE}.{name}" for name in ("ClientFrame", "ServerFrame")}
    channels = {"stream": stream_channel(), **{topic: {} for topic in names.values()}}
    operations = stream_operations()
    messages = {
        key: message(name, contracts, "application/json") for key, name in frames.items()
    }
    roots = []
    for constant, (key, root, writers, readers) in TOPICS.items():
        topic, value = names[constant], short(root)
        roots.append(root)
        messages[value] = message(root, contracts, "application/x-protobuf")
        channels[topic] = topic_channel(topic, key, value, writers, readers)
        operations[f"write.{topic}"] = operation("send", topic, value, f"Written by {writers}.")
    schemas = schemas_of(contracts, [frames["ClientFrame"]], [frames["ServerFrame"]])
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Jembatan's stream and topics",
            "version": version(),
            "description": "What travels over WebSocket between apps and gateways, and what the "
            "topics hold. Written by tools/reference/run from proto/ and libs/kafka; do not edit.",
        },
        "servers": {
            "gateway": {
                "host": "127.0.0.1:8080",
                "protocol": "ws",
                "security": [{"$ref": "#/components/securitySchemes/bearer"}],
            },
            "kafka": {"host": "127.0.0.1:9092", "protocol": "kafka"},
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {**schemas, **crossing_schemas(contracts, roots)},
            "securitySchemes": {"bearer": BEARER},
        },
    }


def stream_channel() -> dict:
    return {
        "address": "/v1/stream",
        "description": "Subprotocol jembatan.v1.json: one frame a text message, in proto3 JSON; "
        "jembatan.v1.proto: the same in binary messages. A browser, which can set no header, "
        "gives its token as a further subprotocol, jembatan.bearer.TOKEN.",
        "servers": [{"$ref": "#/servers/gateway"}],
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"}
            for name in ("ClientFrame", "ServerFrame")
        },
        "bindings": {"ws": {"method": "GET"}},
    }


def operation(action: str, channel: str, name: str, summary: str) -> dict:
    # In a JSON pointer '/' would have to be escaped; topics have none.
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"}],
        "summary": summary,
    }


def stream_operations() -> dict:
    return {
        "takeFrames": operation("receive", "stream", "ClientFrame", "The gateway takes an app's."),
        "tellFrames": operation("send", "stream", "ServerFrame", "The gateway tells an app."),
    }


def topic_channel(topic: str, key: str, value: str, writers: str, readers: str) -> dict:
    return {
        "address": topic,
        "description": f"Key: {key}. Written by {writers}, read by {readers}.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {value: {"$ref": f"#/components/messages/{value}"}},
        "bindings": {"kafka": {"topic": topic}},
    }
