// The live room's composition: the back end tells the room, the client carries the taps, and every
// change is drawn anew.

import {
  JembatanClient,
  type ConnectionState,
  type Purchase,
  type PurchaseState,
} from '@jembatan/client';
import { render } from 'lit-html';
import { fetchRoom, fetchToken, putConsent } from './back_end.js';
import { kMaxEntries, load, save, type Entry } from './history.js';
import { present } from './presentation.js';
import type { Offer, Room } from './room.js';
import type { Money } from './format.js';
import { Shelf } from './shelf.js';
import { fill, texts, type Locale } from './texts.js';
import { isNarrow, page, type Panel, type State } from './view.js';

const kLocaleKey = 'jembatan.live-room.locale';
const kTickMs = 1_000;
// The room's list is looked at anew so often: what is pinned changes during a stream.
const kRoomMs = 15_000;

const kConnections: Record<ConnectionState['kind'], State['connection']> = {
  idle: 'connecting',
  connecting: 'connecting',
  open: 'open',
  fallback: 'open',
  waiting: 'lost',
  closed: 'lost',
};

class LiveRoom {
  readonly #root: HTMLElement;
  readonly #state: State = {
    locale: localStorage.getItem(kLocaleKey) === 'en' ? 'en' : 'id',
    room: undefined,
    roomFailed: false,
    connection: 'connecting',
    shelf: new Shelf(),
    entries: load(sessionStorage),
    panel: undefined,
    announcement: '',
    now: new Date(),
  };
  // Tells the viewer's other tabs of a change of mind.
  readonly #tabs = new BroadcastChannel('jembatan.live-room.consent');
  #client: JembatanClient | undefined;
  #drawing = false;
  // What had the focus before a panel took it.
  #focusBefore: Element | null = null;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  async start(): Promise<void> {
    addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#state.panel) this.open(undefined);
    });
    addEventListener('online', () => this.#draw());
    addEventListener('offline', () => this.#draw());
    matchMedia('(min-width: 62rem)').addEventListener('change', () => this.open(undefined));
    this.#tabs.addEventListener('message', () => void this.#refresh());
    setInterval(() => this.#draw(), kTickMs);
    setInterval(() => void this.#refresh(), kRoomMs);
    await this.reload();
  }

  // --- What a viewer does -----------------------------------------------------------------------

  buy(offer: Offer, price: Money): void {
    const room = this.#state.room;
    const client = this.#client;
    if (!room || !client) return;
    // A version speaks of the price that it was shown with.
    const asShown = price.amountMinor === offer.price.amountMinor && offer.priceVersion;
    const purchase = client.buy({
      offerId: offer.offerId,
      quantity: 1,
      priceSeen: price,
      ...(asShown && { priceVersion: offer.priceVersion }),
      roomId: room.roomId,
    });
    this.#add(purchase, offer.offerId, price);
  }

  async setConsent(consent: boolean): Promise<void> {
    const room = this.#state.room;
    if (!room) return;
    try {
      await putConsent(consent);
    } catch {
      return this.#failed();
    }
    this.#tabs.postMessage('changed');
    room.consent = consent;
    await this.#connect(room);
    this.#draw();
  }

  setLocale(locale: Locale): void {
    this.#state.locale = locale;
    localStorage.setItem(kLocaleKey, locale);
    this.#draw();
  }

  open(panel: Panel | undefined): void {
    const before = this.#state.panel;
    if (before === panel && panel !== undefined) panel = undefined;
    this.#state.panel = panel;
    if (before === undefined) this.#focusBefore = document.activeElement;
    this.#drawNow();
    if (panel !== undefined && (isNarrow() || panel === 'settings')) {
      document.querySelector<HTMLElement>(`#${panel} h2`)?.focus();
    } else if (this.#focusBefore instanceof HTMLElement) {
      this.#focusBefore.focus();
    }
  }

  async reload(): Promise<void> {
    this.#state.roomFailed = false;
    this.#drawNow();
    try {
      this.#state.room = await fetchRoom();
    } catch {
      return this.#failed();
    }
    await this.#connect(this.#state.room);
    this.#draw();
  }

  // --- What comes in ----------------------------------------------------------------------------

  #failed(): void {
    this.#state.roomFailed = true;
    this.#draw();
  }

  async #refresh(): Promise<void> {
    const before = this.#state.room;
    try {
      this.#state.room = await fetchRoom();
    } catch {
      // The list that is there serves until the next look.
      return;
    }
    // The viewer may have changed their mind in another tab: a token of before must not be used.
    if (before && before.consent !== this.#state.room.consent) {
      await this.#connect(this.#state.room);
    }
    this.#draw();
  }

  // A token says whether its viewer has agreed to shopping, so a change of mind is a new client.
  async #connect(room: Room): Promise<void> {
    await this.#client?.close();
    const client = new JembatanClient({
      url: room.gateways,
      token: fetchToken,
      storage: localStorage,
      locale: this.#state.locale,
    });
    this.#client = client;
    client.on('connection', (state) => {
      if (this.#client !== client) return;
      this.#state.connection = kConnections[state.kind];
      this.#draw();
    });
    client.on('offer', (hint) => {
      if (hint.roomId !== room.roomId) return;
      this.#state.shelf.onOffer(hint);
      this.#draw();
    });
    client.on('room', (hint) => {
      if (hint.roomId !== room.roomId) return;
      this.#state.shelf.onRoom(hint);
      this.#draw();
    });
    client.watchRooms([room.roomId]);
    for (const purchase of await client.resume()) {
      this.#add(purchase, purchase.offerId);
    }
  }

  #add(purchase: Purchase, offerId: string, priceSeen?: Money): void {
    const { entries } = this.#state;
    let entry = entries.find((one) => one.intentId === purchase.intentId);
    if (!entry) {
      const now = this.#now();
      entry = {
        intentId: purchase.intentId,
        offerId,
        tappedAt: now,
        deadline: purchase.deadline,
        state: purchase.state,
        since: now,
        ...(priceSeen && { priceSeen }),
      };
      entries.unshift(entry);
      entries.length = Math.min(entries.length, kMaxEntries);
    }
    const known = entry;
    this.#learn(known, purchase.state);
    purchase.on('change', (state) => {
      known.intentId = purchase.intentId;
      known.deadline = purchase.deadline;
      this.#learn(known, state);
    });
  }

  #learn(entry: Entry, state: PurchaseState): void {
    if (entry.state.kind !== state.kind) entry.since = this.#now();
    entry.state = state;
    if (state.price) this.#state.shelf.onPrice(entry.offerId, state.price);
    save(sessionStorage, this.#state.entries);
    this.#announce(entry);
    this.#draw();
  }

  #announce(entry: Entry): void {
    const { room, locale } = this.#state;
    if (!room) return;
    const around = { locale, marketplace: room.marketplace, now: this.#now() };
    const { title, next } = present(entry, around);
    const offer = room.offers.find((one) => one.offerId === entry.offerId);
    const values = { offer: offer?.title[locale] ?? entry.offerId, title, next };
    this.#state.announcement = fill(texts(locale).announcement, values);
  }

  // --- Drawing ----------------------------------------------------------------------------------

  #now(): Date {
    return this.#client?.serverTime() ?? new Date();
  }

  // Once a frame, however much has come.
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => this.#drawNow());
  }

  #drawNow(): void {
    this.#drawing = false;
    const { locale, room } = this.#state;
    this.#state.now = this.#now();
    document.documentElement.lang = locale;
    if (room) document.title = fill(texts(locale).pageTitle, { title: room.title[locale] });
    render(
      page(this.#state, {
        buy: (offer, price) => this.buy(offer, price),
        setConsent: (consent) => void this.setConsent(consent),
        setLocale: (chosen) => this.setLocale(chosen),
        open: (panel) => this.open(panel),
        reload: () => void this.reload(),
      }),
      this.#root,
    );
  }
}

const root = document.getElementById('page');
if (!root) throw new Error('the page lacks its root');
root.replaceChildren();
void new LiveRoom(root).start();
