"""House: the real programs as deploy/demo runs them, the live room before them, and a browser.

The broker is the stand-in in memory. Gateways are reached through proxies, so that a network can be
slow or gone. Every page that is opened is watched: an error in its console, a request to another
origin than its own and the gateways', or a navigation that nobody asked for fails the scenario.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.path.insert(0, str(ROOT / "tests/faults"))
_driver = subprocess.run(
    [ROOT / "tools/bootstrap", "--print-browser"], capture_output=True, text=True, check=True
)
sys.path.insert(0, _driver.stdout.strip())

from playwright.sync_api import Browser, BrowserContext, Locator, Page  # noqa: E402
from proxy import Network, Proxy  # noqa: E402
from stage import Failure, MemoryStage, expect, wait_for  # noqa: E402

LIVE_ROOM = ROOT / "clients/live-room"
DEMO = ROOT / "deploy/demo.d"
MARKETPLACE = "Tokopedia (contoh)"
PHONE = {"width": 360, "height": 740}

# Without these Chromium looks for its maker's servers at every start.
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Far above what a busy machine needs.
PAGE_MS = 30_000

HOUR_MS = 3_600_000


def filled(name: str, starts_ms: int, ends_ms: int) -> list | dict:
    """A file of the demo with the times of its flash sale."""
    text = (DEMO / name).read_text()
    text = text.replace("FLASH_STARTS_MS", str(starts_ms)).replace("FLASH_ENDS_MS", str(ends_ms))
    return json.loads(text)


class House(MemoryStage):
    def __init__(self, binaries: Path, keep: bool, shots: Path, network: Network):
        super().__init__(binaries, keep)
        self.shots = shots
        self.network = network
        self.origins: set[str] = set()
        self.complaints: list[str] = []
        self.offers: dict[str, dict] = {}
        self.room_url = ""
        self.marketplace_origin = ""
        self.operator = ""

    # --- The programs ---------------------------------------------------------------------------

    def reach(self, name: str, port: int) -> int:
        return self.network.add(name, port, self.port()).port

    def proxy(self, name: str) -> Proxy:
        return self.network.proxies[name]

    def write_files(self, offers: dict[str, int]) -> None:
        """The demo's offers, some of them in the state that a scenario needs."""
        super().write_files(offers)
        now = int(time.time() * 1000)
        rows = filled("offers.json", 0, 0) + filled("flash.json", now - HOUR_MS, now + HOUR_MS)
        self.offers = {row["offer_id"]: row for row in rows}
        self.offers["batik-kilat"]["stock"] = 0
        self.offers["sarung-goyor"]["sale_starts_ms"] = now + HOUR_MS
        (self.folder / "offers.json").write_text(json.dumps(rows))
        room = filled("room.json", now - HOUR_MS, now + HOUR_MS)
        for offer in room["offers"]:
            price, row = offer["price"], self.offers[offer["offerId"]]
            told = (price["currency"], int(price["amountMinor"]), offer["priceVersion"])
            asked = (row["currency"], row["amount_minor"], row["price_version"])
            expect(told == asked, f"the demo's room and offers disagree: {told}, {asked}")
        (self.folder / "room.json").write_text(json.dumps(room))
        key, jwks = self.folder / "links.pem", self.folder / "links.jwks"
        self.ctl("token", "keygen", "--kid=links-1", f"--key={key}", f"--jwks={jwks}")

    def start(self) -> None:
        checkout = f"127.0.0.1:{self.port()}"
        self.operator = f"127.0.0.1:{self.port()}"
        self.more_flags["marketplace"] = {
            "checkout_listen": checkout,
            "operator_listen": self.operator,
            "name": MARKETPLACE,
            "link_keys": self.folder / "links.jwks",
            "goods_key": self.folder / "goods.key",
        }
        self.more_flags["bridge-0"] = {
            "url_hosts": checkout,
            "link_page": f"http://{checkout}/beli",
            "link_key": self.folder / "links.pem",
            "policy": ROOT / "deploy/policy/indonesia.toml",
            "goods_keys": self.folder / "goods.keys",
        }
        for name in ("gateway-0", "gateway-1"):
            self.more_flags[name] = {"goods_keys": self.folder / "goods.keys"}
        self.marketplace_origin = f"http://{checkout}"
        self.start_house({}, bridges=1)
        self.start_live_room()

    def start_bridge(self, name: str, orders: str) -> None:
        # What the marketplace attests about goods is believed by this key.
        (self.folder / "goods.keys").write_text(self.told("marketplace", "/verifier") + "\n")
        super().start_bridge(name, orders)

    def start_live_room(self) -> None:
        listen = f"127.0.0.1:{self.port()}"
        gateways = [f"http://127.0.0.1:{port}" for port in self.ports.values()]
        self.room_url = f"http://{listen}/"
        self.origins = {f"http://{listen}", *gateways}
        flags = {
            "listen": listen,
            "page": LIVE_ROOM / "dist/page",
            "room": self.folder / "room.json",
            "gateways": ",".join(gateways),
            "ctl": self.binaries / "jembatan-ctl",
            "key": self.folder / "token.pem",
        }
        command = ["node", str(LIVE_ROOM / "server/main.mjs")]
        self.spawn("live-room", command + [f"--{key}={value}" for key, value in flags.items()])
        log = self.folder / "live-room.log"
        wait_for("the live room is there", lambda: self.room_url in log.read_text())

    def load_offer(self, offer_id: str, **changes: object) -> None:
        """The marketplace changes an offer, and nobody tells the app."""
        file = self.folder / "changed.json"
        file.write_text(json.dumps([{**self.offers[offer_id], **changes}]))
        self.ctl("offers", "load", str(file), f"--target={self.operator}")

    def control(self, *arguments: str) -> None:
        self.ctl(*arguments, f"--brokers={self.brokers}", "--why=uji peramban")

    def room(self, *command: str) -> None:
        """What the app's back end does with the live room."""
        gateway = f"127.0.0.1:{next(iter(self.ports.values()))}"
        key = self.folder / "token.pem"
        room = json.loads((self.folder / "room.json").read_text())["roomId"]
        self.ctl("rooms", *command, f"--gateway={gateway}", f"--key={key}", f"--room={room}")

    def sold(self, offer_id: str) -> int:
        return sum(
            row["offer_id"] == offer_id and row["state"] == "ORDERED" for row in self.ledger()
        )

    def intents(self) -> int:
        """How many have crossed into the log."""
        out = self.folder / "intents"
        self.ctl("topics", "dump", f"--brokers={self.brokers}", "--topic=intents", f"--out={out}")
        return len(out.read_text().splitlines())

    # --- The browser ----------------------------------------------------------------------------

    def viewer(self, browser: Browser, consent: bool = True, **options: object) -> Viewer:
        """A person with a browser of their own, in the live room."""
        context = browser.new_context(
            viewport=PHONE,
            locale="id-ID",
            timezone_id="Asia/Jakarta",
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(PAGE_MS)
        viewer = Viewer(self, context)
        if consent:
            viewer.set_consent(True)
        return viewer

    def watch(self, page: Page) -> None:
        def complain(text: str) -> None:
            self.complaints.append(f"{page.url}: {text}")

        def look(url: str) -> None:
            origin = "/".join(url.replace("ws://", "http://").split("/")[:3])
            own = "/".join(page.url.split("/")[:3])
            if origin not in self.origins and not (own == self.marketplace_origin == origin):
                complain(f"asks {url}")

        page.on("pageerror", lambda error: complain(str(error)))
        page.on("console", lambda message: message.type == "error" and self.hear(page, message))
        page.on("request", lambda request: request.is_navigation_request() or look(request.url))
        page.on("websocket", lambda socket: look(socket.url))

    def hear(self, page: Page, message: object) -> None:
        # A gateway that was killed cannot be reached: that is the scenario's doing.
        if "ERR_CONNECTION" not in message.text and "ERR_SOCKET" not in message.text:
            self.complaints.append(f"{page.url}: {message.text}")


class Viewer:
    """One browser's context, and the tab it began with."""

    def __init__(self, house: House, context: BrowserContext):
        self.house = house
        self.context = context
        self.page = self.open(house.room_url)

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self.shoot("failed")
        self.context.close()

    def open(self, url: str) -> Page:
        page = self.context.new_page()
        self.house.watch(page)
        page.goto(url)
        return page

    def set_consent(self, consent: bool) -> None:
        self.page.locator(".top .round").click()
        self.page.get_by_role("switch").click()
        self.page.locator(f".switch[aria-checked={str(consent).lower()}]").wait_for()
        self.page.keyboard.press("Escape")
        self.await_connected()

    def await_connected(self, page: Page | None = None) -> None:
        (page or self.page).locator(".connection[data-state=open]").wait_for(state="attached")

    def buy(self, offer_id: str, page: Page | None = None) -> None:
        page = page or self.page
        page.locator(".bottom button").first.click()
        page.locator(f"#shelf [data-offer={offer_id}] .buy").click()
        page.keyboard.press("Escape")
        page.locator(".side[data-panel=none]").wait_for(state="attached")

    def ticket(self, state: str = "", page: Page | None = None) -> Locator:
        """The newest tap, once it is in that state."""
        wanted = f".latest .ticket[data-state={state}]" if state else ".latest .ticket"
        ticket = (page or self.page).locator(wanted)
        ticket.wait_for()
        return ticket

    def final(self, page: Page | None = None) -> str:
        """How the newest tap ended."""
        ticket = (page or self.page).locator(".latest .ticket:not([data-tone=wait])")
        ticket.wait_for()
        return ticket.get_attribute("data-state")

    def follow(self, link: Locator) -> Page:
        with self.context.expect_page() as opened:
            link.click()
        page = opened.value
        self.house.watch(page)
        page.wait_for_load_state()
        return page

    def shoot(self, name: str, page: Page | None = None) -> None:
        (page or self.page).screenshot(path=self.house.shots / f"{name}.png")


def says(what: Locator, *texts: str) -> None:
    told = what.inner_text()
    for text in texts:
        expect(text in told, f"'{text}' is not in '{told}'")


def await_true(what: str, condition: Callable[[], bool]) -> None:
    wait_for(what, condition, PAGE_MS / 1000)


