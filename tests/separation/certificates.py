"""The certificates test: on the link between the zones each side has an authority of its own, and
who comes with anything but the right certificate stays outside. Played on the real marketplace and
the real bridge, each against a peer with every kind of wrong certificate.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from authority import Authority, Identity  # noqa: E402
from stage import MARKETPLACE_ID, Stage, wait_for  # noqa: E402

BRIDGE_NAME = "bridge.social.example"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
SETTINGS = 4
TIMEOUT_S = 20

Check = Callable[[str, bool, str], None]


class LinkStage(Stage):
    """Marketplace and bridge, on a broker in memory."""

    def __init__(self, binaries: Path, keep: bool):
        super().__init__(binaries, keep)
        # Who vouches for bridges, who for marketplaces, and who for nobody on this link.
        self.bridges = Authority(self.folder / "bridges", "bridges")
        self.marketplaces = Authority(self.folder / "marketplaces", "marketplaces")
        self.strangers = Authority(self.folder / "strangers", "strangers")
        self.orders_port = 0

    def start_broker(self) -> None:
        bootstrap = self.folder / "bootstrap"
        self.spawn("devbroker", [str(self.binaries / "jembatan-devbroker"),
                                 f"--bootstrap_file={bootstrap}"])
        wait_for("the broker listens", bootstrap.exists)
        self.brokers = bootstrap.read_text().strip()

    def start_marketplace(self, identity: Identity, port: int = 0) -> None:
        self.orders_port = port or self.port()
        self.service("marketplace", "jembatan-marketplace",
                     listen=f"127.0.0.1:{self.orders_port}", operator_listen="127.0.0.1:0",
                     checkout_listen="127.0.0.1:0", database=self.folder / "marketplace.db",
                     tls_certificate=identity.certificate, tls_key=identity.key,
                     tls_ca=self.bridges.certificate,
                     tls_client_names=f"other.example,{BRIDGE_NAME}",
                     tls_revoked=self.bridges.revoked)
        self.await_ready("marketplace")

    def start_bridge_as(self, name: str, identity: Identity) -> None:
        self.service(name, "jembatan-bridge", brokers=self.brokers, profile="dev",
                     orders_target=f"127.0.0.1:{self.orders_port}", marketplace_id=MARKETPLACE_ID,
                     instance=name, orders_tls_certificate=identity.certificate,
                     orders_tls_key=identity.key, orders_tls_ca=self.marketplaces.certificate,
                     orders_tls_revoked=self.marketplaces.revoked)

    def logged(self, name: str, event: str) -> int:
        return (self.folder / f"{name}.log").read_text().count(event)


def greeted(port: int, identity: Identity | None, authority: Path) -> bool:
    """Whether the marketplace begins to speak HTTP/2 with who has this certificate. TLS 1.3 tells a
    client that it is not wanted only after its own part is done."""
    context = ssl.create_default_context(cafile=str(authority))
    context.set_alpn_protocols(["h2"])
    if identity is not None:
        context.load_cert_chain(identity.certificate, identity.key)
    try:
        with (socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as plain,
              context.wrap_socket(plain, server_hostname="127.0.0.1") as link):
            link.sendall(PREFACE)
            frame = link.recv(9)
            return len(frame) == 9 and frame[3] == SETTINGS
    except (ssl.SSLError, ConnectionError):
        return False


class CertificatesTest:
    def __init__(self, stage: LinkStage, check: Check):
        self.stage = stage
        self.check = check
        sign = stage.bridges.sign
        self.good = sign("good", f"DNS:{BRIDGE_NAME}")
        self.bad = {
            "an expired certificate": sign("expired", f"DNS:{BRIDGE_NAME}", expired=True),
            "one of another authority": stage.strangers.sign("alien", f"DNS:{BRIDGE_NAME}"),
            "one of the marketplaces' authority":
                stage.marketplaces.sign("swapped", f"DNS:{BRIDGE_NAME}"),
            "one with another name": sign("misnamed", "DNS:gateway.social.example"),
            "a revoked one": sign("revoked", f"DNS:{BRIDGE_NAME}"),
        }

    def run(self) -> None:
        stage = self.stage
        stage.start_broker()
        market = stage.marketplaces.sign("market", "IP:127.0.0.1")
        stage.start_marketplace(market)
        self.callers()
        self.bridge_in()
        self.bridges_out()
        self.refused_at_start(market)
        self.wrong_marketplaces()

    def callers(self) -> None:
        """Whom the real marketplace lets in."""
        stage = self.stage

        def lets_in(identity: Identity | None) -> bool:
            return greeted(stage.orders_port, identity, stage.marketplaces.certificate)

        revoked = self.bad["a revoked one"]
        self.check("the marketplace lets in a good certificate", lets_in(self.good), "refused")
        self.check("the marketplace lets in what is not yet revoked", lets_in(revoked), "refused")
        stage.bridges.revoke(revoked)
        for what, identity in {**self.bad, "no certificate": None}.items():
            self.check(f"the marketplace refuses {what}", not lets_in(identity), "let in")
        self.check("the good one is still let in", lets_in(self.good), "refused")

    def bridge_in(self) -> None:
        self.stage.start_bridge_as("bridge-good", self.good)
        self.stage.await_ready("bridge-good")
        self.check("a bridge with a good certificate gets its stream",
                   self.stage.logged("bridge-good", "orders_stream_up") > 0, "no stream")
        self.stage.stop("bridge-good")

    def bridges_out(self) -> None:
        """The real bridge with each wrong certificate."""
        for number, (what, identity) in enumerate(self.bad.items()):
            name = f"bridge-{number}"
            self.stage.start_bridge_as(name, identity)
            self.stays_out(name, f"a bridge with {what} gets no stream")

    def stays_out(self, name: str, what: str) -> None:
        """Its first attempts failed, and it says so."""
        stage = self.stage
        wait_for(f"{name} was refused", lambda: stage.logged(name, "orders_stream_down") > 0,
                 TIMEOUT_S)
        self.check(what, not stage.is_ready(name) and not stage.logged(name, "orders_stream_up"),
                   stage.told(name, "/readyz"))
        stage.stop(name)

    def wrong_marketplaces(self) -> None:
        """The real bridge with its good certificate, before a marketplace with a wrong one."""
        stage = self.stage
        sign = stage.marketplaces.sign
        for number, (what, identity) in enumerate({
            "an expired certificate": sign("old-market", "IP:127.0.0.1", expired=True),
            "one of another authority": stage.strangers.sign("alien-market", "IP:127.0.0.1"),
            "one of the bridges' authority": stage.bridges.sign("swapped-market", "IP:127.0.0.1"),
            "one for another host": sign("other-market", "DNS:elsewhere.example"),
        }.items()):
            stage.stop("marketplace")
            stage.start_marketplace(identity)
            name = f"bridge-before-{number}"
            stage.start_bridge_as(name, self.good)
            self.stays_out(name, f"a bridge sends nothing to a marketplace with {what}")
        self.revoked_marketplace()

    def revoked_marketplace(self) -> None:
        """A bridge that runs reads the list anew: what is revoked gets no further connection."""
        stage = self.stage
        market = stage.marketplaces.sign("fallen-market", "IP:127.0.0.1")
        stage.stop("marketplace")
        stage.start_marketplace(market)
        stage.start_bridge_as("bridge-wary", self.good)
        stage.await_ready("bridge-wary")
        ups = stage.logged("bridge-wary", "orders_stream_up")
        stage.marketplaces.revoke(market)
        stage.stop("marketplace")
        stage.start_marketplace(market, stage.orders_port)
        wait_for("the bridge refuses the revoked one",
                 lambda: stage.logged("bridge-wary", "the certificate is revoked") > 0, TIMEOUT_S)
        wait_for("the bridge is unready", lambda: not stage.is_ready("bridge-wary"), TIMEOUT_S)
        self.check("a running bridge leaves a marketplace whose certificate is revoked",
                   stage.logged("bridge-wary", "orders_stream_up") == ups,
                   stage.told("bridge-wary", "/readyz"))
        stage.stop("bridge-wary")

    def refused_at_start(self, market: Identity) -> None:
        """A list that cannot be used is not left out."""
        base = {"tls_certificate": market.certificate, "tls_key": market.key,
                "tls_ca": self.stage.bridges.certificate}
        for what, flags in {
            "names without an authority": {"tls_client_names": BRIDGE_NAME},
            "a revocation list of another authority":
                {**base, "tls_revoked": self.stage.strangers.revoked},
            "a revocation list that is not there": {**base, "tls_revoked": "/nowhere.pem"},
        }.items():
            status, said = self.start_in_vain(flags)
            self.check(f"the marketplace does not start with {what}",
                       status == 2 and said.count("\n") == 1, f"status {status}: {said}")
        link = {"orders_tls_certificate": self.good.certificate, "orders_tls_key": self.good.key,
                "orders_tls_ca": self.stage.marketplaces.certificate}
        for what, flags in {
            "a revocation list without an authority":
                {"orders_tls_revoked": self.stage.marketplaces.revoked},
            "a revocation list of another authority":
                {**link, "orders_tls_revoked": self.stage.strangers.revoked},
            "a revocation list that is not there": {**link, "orders_tls_revoked": "/nowhere.pem"},
        }.items():
            status, said = self.bridge_in_vain(flags)
            self.check(f"the bridge does not start with {what}",
                       status == 2 and said.count("\n") == 1, f"status {status}: {said}")

    def bridge_in_vain(self, flags: dict[str, object]) -> tuple[int, str]:
        command = [str(self.stage.binaries / "jembatan-bridge"), f"--brokers={self.stage.brokers}",
                   "--admin_listen=127.0.0.1:0",
                   *(f"--{key}={value}" for key, value in flags.items())]
        return self.said(command)

    def start_in_vain(self, flags: dict[str, object]) -> tuple[int, str]:
        command = [str(self.stage.binaries / "jembatan-marketplace"),
                   f"--database={self.stage.folder / 'never.db'}",
                   *(f"--{key}=127.0.0.1:0" for key in
                     ("listen", "operator_listen", "checkout_listen", "admin_listen")),
                   *(f"--{key}={value}" for key, value in flags.items())]
        return self.said(command)

    @staticmethod
    def said(command: list[str]) -> tuple[int, str]:
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=TIMEOUT_S)
        lines = [line for line in done.stderr.splitlines() if line.startswith("jembatan-")]
        return done.returncode, "\n".join(lines) + "\n"
