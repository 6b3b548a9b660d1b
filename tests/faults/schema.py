"""Programs of the version before and of the version after, for mixes of schema versions.

Each version is a copy of this tree whose contracts are changed as a release would change them, with
the lines of code that fill what is new or filled what is not there yet, built as this tree is. Code
that a message does not reach comes out of the compiler's cache. A change that no longer fits the
tree is an error: the list below is to be kept up.

  older   lacks an optional field of intents and orders (attribution) and one of results and
          outcomes (invoice_url)
  newer   has one more optional field in every message that crosses, filled, and one more reason,
          which its marketplace gives for a stock that is used up
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("jembatan-gateway", "jembatan-bridge", "jembatan-marketplace")
# What the newer version adds; tests look for it in the log.
NEW_FIELD = 900
NEW_REASON = 499

Edit = Callable[[str], str]


class Misfit(Exception):
    """A change does not fit the tree any more."""


def replaced(pattern: str, text: str, source: str, times: int = 1) -> str:
    result, count = re.subn(pattern, text, source, flags=re.MULTILINE)
    if count != times:
        raise Misfit(f"{pattern!r} fits {count} times, not {times}")
    return result


def without_line(pattern: str) -> Edit:
    return lambda source: replaced(rf"^[^\n]*{pattern}[^\n]*\n", "", source)


def without_field(message: str, field: str) -> Edit:
    """Without the field and the remarks above it, in that message only."""

    def edit(source: str) -> str:
        begin = source.find(f"\nmessage {message} {{\n")
        end = source.find("\n}\n", begin)
        if begin < 0:
            raise Misfit(f"there is no message {message}")
        field_lines = rf"(?:^  //[^\n]*\n)*^  \S+ {field} = \d+[^;]*;\n"
        return source[:begin] + replaced(field_lines, "", source[begin:end]) + source[end:]

    return edit


def with_field(*messages: str) -> Edit:
    def edit(source: str) -> str:
        for message in messages:
            added = rf"\g<0>\n  string from_newer = {NEW_FIELD};"
            source = replaced(rf"^message {message} {{$", added, source)
        return source

    return edit


def with_reason(source: str) -> str:
    added = rf"\g<0>\n  REASON_FROM_NEWER = {NEW_REASON};"
    return replaced(r"^  REASON_UNSPECIFIED = 0;$", added, source)


def filled(after: str, message: str) -> Edit:
    """The new field, filled before the line that fills another."""
    line = rf'  {message}set_from_newer("newer");\n\g<0>'
    return lambda source: replaced(rf"^  {re.escape(message + after)}", line, source)


def both(*edits: Edit) -> Edit:
    def edit(source: str) -> str:
        for each in edits:
            source = each(source)
        return source

    return edit


PROTO, GATEWAY = "proto/jembatan", "services/gateway"
BRIDGE, MARKETPLACE = "services/bridge", "services/marketplace"
VERSIONS: dict[str, dict[str, Edit]] = {
    "older": {
        f"{PROTO}/crossing/v1/crossing.proto": both(
            without_field("PurchaseIntent", "attribution"),
            without_field("Outcome", "invoice_url"),
        ),
        f"{PROTO}/orders/v1/orders.proto": both(
            without_field("Order", "attribution"),
            without_field("OrderResult", "invoice_url"),
        ),
        f"{GATEWAY}/crossing.cc": both(
            without_line(r"crossing->set_attribution\("),
            without_line(r"told\.set_invoice_url\("),
        ),
        f"{BRIDGE}/border.cc": both(
            without_line(r"order->set_attribution\("),
            without_line(r"outcome->set_invoice_url\("),
        ),
        f"{MARKETPLACE}/wire.cc": without_line(r"wire->set_invoice_url\("),
    },
    "newer": {
        f"{PROTO}/crossing/v1/crossing.proto": with_field(
            "PurchaseIntent", "Outcome", "OutcomeRecord"
        ),
        f"{PROTO}/crossing/v1/reason.proto": with_reason,
        f"{PROTO}/intake/v1/intake.proto": with_field("Outcome"),
        f"{PROTO}/intake/v1/reason.proto": with_reason,
        f"{PROTO}/orders/v1/orders.proto": with_field("Fencing", "Order", "OrderResult"),
        f"{PROTO}/orders/v1/reason.proto": with_reason,
        f"{GATEWAY}/crossing.cc": both(
            filled("set_offer_id(intent.offer_id());", "crossing->"),
            filled("set_fingerprint(outcome.fingerprint());", "told."),
        ),
        f"{BRIDGE}/border.cc": both(
            filled("set_intent_id(intent.intent_id());", "order->"),
            filled("set_order_id(result.order_id());", "outcome->"),
        ),
        f"{BRIDGE}/orders_grpc.cc": filled("set_partition(", "fencing->"),
        f"{BRIDGE}/records.cc": filled("set_token(token);", "record."),
        f"{MARKETPLACE}/wire.cc": filled("set_state(result.state);", "wire->"),
        f"{MARKETPLACE}/decide.cc": lambda source: replaced(
            r"\? orders::v1::REASON_OUT_OF_STOCK", "? orders::v1::REASON_FROM_NEWER", source
        ),
    },
}


def tree_of(version: str) -> Path:
    return ROOT / "build" / f"schema-{version}"


def binaries_of(version: str) -> Path:
    return tree_of(version) / "build/release/bin"


def lacking() -> str:
    """Why mixes cannot be played; empty: both versions are built."""
    for version in VERSIONS:
        if not all((binaries_of(version) / program).exists() for program in PROGRAMS):
            return f"there are no {version} programs; tests/faults/build-schemas makes them"
    return ""


def edited(version: str) -> dict[str, str]:
    """The files that differ, whole."""
    files = {}
    for name, edit in VERSIONS[version].items():
        try:
            files[name] = edit((ROOT / name).read_text())
        except (Misfit, OSError) as error:
            raise Misfit(f"{version}: {name}: {error}") from error
    return files


def write_tree(version: str) -> None:
    """Touches only files that differ, so that a build goes on where the last one ended."""
    files = edited(version)
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, tree_of(version) / name
        if not source.exists():
            continue
        content = files[name].encode() if name in files else source.read_bytes()
        if target.exists() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        shutil.copymode(source, target)


def build(version: str, jobs: int) -> None:
    write_tree(version)
    tree = tree_of(version)
    prefix = subprocess.run([tree / "tools/bootstrap", "--print-librdkafka"], check=True,
                            capture_output=True, text=True).stdout.strip()
    subprocess.run(["cmake", "--log-level=NOTICE", "--preset", "release",
                    f"-DJEMBATAN_RDKAFKA_PREFIX={prefix}"], cwd=tree, check=True)
    subprocess.run(["ninja", "-C", "build/release", f"-j{jobs}", *PROGRAMS], cwd=tree, check=True)
