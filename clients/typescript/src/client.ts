// JembatanClient: an app's purchases of one viewer. It keeps what was tapped, sends it over
// whatever connection there is until it has a final word, and tells the app each word.
//
// One for each viewer: a viewer who signs out takes it with him (close), and the next one gets
// another.

import { timestampMs } from '@bufbuild/protobuf/wkt';

import { systemClock, ServerClock, within, type Clock } from './clock.js';
import { Emitter } from './emitter.js';
import { JembatanError, toJembatanError } from './errors.js';
import {
  kClockErrorMs,
  kCloseMs,
  kFlushMsMin,
  kFutureMs,
  kRoomsPerFrame,
  kShortTextBytes,
} from './limits.js';
import { Link, type ConnectionState } from './link.js';
import { offerHint, roomHint, type OfferHint, type RoomHint } from './offer.js';
import { checkOrder, intentOf, type Order } from './order.js';
import { Purchase } from './purchase.js';
import { randomBytes } from '#random';
import type { RandomBytes } from './random.js';
import type { Locale } from './state.js';
import { defaultStorage, PurchaseStorage, type Storage } from './storage.js';
import type { WebSocketConstructor } from './stream.js';
import type { Tap } from './tap.js';
import { Taps } from './taps.js';
import { TokenSource, type Token } from './token.js';
import type { Fetch } from './unary.js';
import { makeUuidV7, uuidV7TimeMs } from './uuid.js';
import { ReasonNumber, type Intent, type Receipt, type ServerFrame } from './wire.js';

export interface JembatanClientOptions {
  /** Base of the gateway, https://host[:port]; of several, the next one when one does not serve. */
  readonly url: string | readonly string[];
  /** The viewer's bearer token, or what asks the app for one when there is none that will do. */
  readonly token: Token;
  readonly fetch?: Fetch;
  /** Absent, and none in this runtime: unary calls serve. */
  readonly WebSocket?: WebSocketConstructor;
  /** Absent: localStorage, or nothing that survives a reload where there is none. */
  readonly storage?: Storage;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  /** The language of PurchaseState.text; absent: id. */
  readonly locale?: Locale;
}

export interface ClientEvents {
  /** Tells of an offer of a watched room, to save useless taps. Never decides. */
  offer: OfferHint;
  /** Tells of a watched room itself, before the offers that are pinned in it now. */
  room: RoomHint;
  connection: ConnectionState;
  /** What went wrong beside the purchases: the storage, mostly. They go on. */
  error: JembatanError;
}

function urlsOf(url: string | readonly string[]): string[] {
  const urls = (typeof url === 'string' ? [url] : url).map((text) => text.replace(/\/+$/, ''));
  if (urls.length === 0 || !urls.every((text) => /^https?:\/\/[^/?#\s]+$/.test(text))) {
    throw new JembatanError('INVALID', 'url: https://host[:port]');
  }
  return urls;
}

export class JembatanClient {
  readonly #clock: Clock;
  readonly #serverClock: ServerClock;
  readonly #random: RandomBytes;
  readonly #storage: PurchaseStorage;
  readonly #tokens: TokenSource;
  readonly #link: Link;
  readonly #taps: Taps;
  readonly #purchases = new Map<Tap, Purchase>();
  readonly #emitter = new Emitter<ClientEvents>();
  /** Writes to the storage under way: each purchase's in their order. */
  readonly #writes = new Map<Tap, Promise<void>>();
  readonly #online = () => this.#link.hurry();
  #rooms: string[] = [];
  #timer: unknown;

  constructor(options: JembatanClientOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#serverClock = new ServerClock(this.#clock);
    this.#random = options.random ?? randomBytes;
    this.#storage = new PurchaseStorage(options.storage ?? defaultStorage());
    this.#tokens = new TokenSource(options.token, this.#clock, () => {
      return this.#serverClock.nowMs();
    });
    const locale = options.locale ?? 'id';
    this.#taps = new Taps({
      random: this.#random,
      locale,
      changed: (tap) => this.#onChanged(tap),
    });
    const globals = globalThis as { WebSocket?: WebSocketConstructor };
    this.#link = new Link(
      {
        urls: urlsOf(options.url),
        tokens: this.#tokens,
        fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
        WebSocket: options.WebSocket ?? globals.WebSocket,
        clock: this.#clock,
        serverClock: this.#serverClock,
        random: this.#random,
      },
      {
        connected: (pace) => this.#onConnected(pace),
        serverTime: (serverMs) => this.#onServerTime(serverMs),
        lost: () => this.#onLost(),
        frame: (frame) => this.#onFrame(frame),
        changed: (state) => this.#onLinkChanged(state),
      },
    );
    globalThis.addEventListener?.('online', this.#online);
  }

  // --- What an app does -------------------------------------------------------------------------

  /** Connects; so does whatever needs a connection. Early is better: it tells the server's time. */
  connect(): void {
    this.#mustBeOpen();
    this.#link.start();
  }

  /** The viewer taps. Throws INVALID, TOO_MANY or CLOSED: then nothing has happened. */
  buy(order: Order): Purchase {
    this.#mustBeOpen();
    checkOrder(order);
    this.#mindSleep();
    const tappedMs = this.#clock.monotonicMs();
    const timeMs = this.#serverClock.at(tappedMs);
    const intent = intentOf(order, makeUuidV7(timeMs, this.#random), timeMs);
    const purchase = this.#hold(this.#taps.add(intent, timeMs, tappedMs));
    this.#link.start();
    this.#flush();
    return purchase;
  }

  /** The purchases of an earlier life of this app that have no final word yet. */
  async resume(): Promise<Purchase[]> {
    this.#mustBeOpen();
    const { viewer } = await this.#tokens.get();
    const records = await this.#storage.load(viewer);
    this.#mustBeOpen();
    const nowMs = this.#serverClock.nowMs();
    const purchases = records.flatMap(({ intent, accepted }) => {
      const tap = this.#taps.resume(intent, accepted, nowMs);
      return tap ? [this.#hold(tap)] : [];
    });
    if (purchases.length > 0) {
      this.#link.start();
      if (this.#link.way === 'stream') this.#link.send(this.#taps.watch());
      this.#flush();
    }
    return purchases;
  }

  /** The rooms whose offers are told; they replace those of before. */
  watchRooms(roomIds: readonly string[]): void {
    this.#mustBeOpen();
    const bytes = (room: string): number => new TextEncoder().encode(room).length;
    const fit = roomIds.every((room) => room !== '' && bytes(room) <= kShortTextBytes);
    if (!fit || roomIds.length > kRoomsPerFrame) {
      throw new JembatanError('INVALID', `at most ${kRoomsPerFrame} rooms of 1 to 64 bytes`);
    }
    this.#rooms = [...roomIds];
    this.#link.start();
    if (this.#link.way === 'stream') this.#link.send({ watchRoomIds: this.#rooms });
  }

  /** Returns what takes the listener off again. */
  on<Name extends keyof ClientEvents>(
    event: Name,
    listener: (value: ClientEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(event, listener);
  }

  get connection(): ConnectionState {
    return this.#link.state;
  }

  /** The server's time; the device's until the server has told it. */
  serverTime(): Date {
    return new Date(this.#serverClock.nowMs());
  }

  /** Purchases without a final word stay in the storage, for resume(). */
  async close(): Promise<void> {
    if (this.#link.closed) return;
    this.#link.close();
    const late = new JembatanError('STORAGE', 'the storage does not come back');
    const writes = Promise.allSettled(this.#writes.values());
    await within(this.#clock, kCloseMs, writes, late).catch((error: JembatanError) => {
      this.#emitter.emit('error', error);
    });
  }

  // --- What happens -----------------------------------------------------------------------------

  #mustBeOpen(): void {
    if (this.#link.closed) throw new JembatanError('CLOSED', 'the client is closed');
  }

  #hold(tap: Tap): Purchase {
    const purchase = new Purchase(tap);
    this.#purchases.set(tap, purchase);
    return purchase;
  }

  #onLinkChanged(state: ConnectionState): void {
    this.#emitter.emit('connection', state);
    if (state.kind !== 'closed') return;
    this.#clock.clearTimeout(this.#timer);
    globalThis.removeEventListener?.('online', this.#online);
    for (const purchase of this.#purchases.values()) purchase.close();
    this.#purchases.clear();
  }

  #onConnected(pace: 'pushed' | 'polled'): void {
    const nowMs = this.#serverClock.nowMs();
    if (pace === 'pushed') {
      const rooms = this.#rooms.length > 0 ? { watchRoomIds: this.#rooms } : {};
      this.#link.send({ ...this.#taps.watch(), ...rooms });
    }
    this.#taps.onConnected(pace, nowMs);
    this.#flush();
  }

  #onLost(): void {
    this.#taps.onLost(this.#serverClock.nowMs());
    this.#flush();
  }

  #onFrame(frame: ServerFrame): void {
    if (frame.serverTime) this.#onServerTime(timestampMs(frame.serverTime));
    for (const receipt of frame.receipts) this.#onReceipt(receipt);
    const nowMs = this.#serverClock.nowMs();
    for (const outcome of frame.outcomes) this.#taps.onOutcome(outcome, nowMs);
    for (const hint of frame.rooms) this.#emitter.emit('room', roomHint(hint));
    for (const hint of frame.offers) this.#emitter.emit('offer', offerHint(hint));
    const { error } = frame;
    if (error !== ReasonNumber.UNSPECIFIED && error !== ReasonNumber.UNAUTHENTICATED) {
      this.#emitter.emit('error', new JembatanError('UNREACHABLE', frame.errorMessage));
    }
    this.#flush();
  }

  #onReceipt(receipt: Receipt): void {
    // Calls tell no server time, but by the hint when the id's time will do.
    const idMs = uuidV7TimeMs(receipt.intentId);
    const skewed = receipt.reason === ReasonNumber.CLOCK_SKEW && receipt.retryAfterMs > 0;
    if (skewed && idMs !== undefined && !this.#serverClock.known) {
      this.#onServerTime(idMs - kFutureMs - receipt.retryAfterMs);
    }
    this.#taps.onReceipt(receipt, this.#serverClock.nowMs());
    if (receipt.reason === ReasonNumber.UNAUTHENTICATED) this.#link.reauthenticate();
  }

  #onChanged(tap: Tap): void {
    // An order may change after its final word.
    const ends = tap.state.final && this.#taps.get(tap.id) === tap;
    const over = ends ? this.#taps.end(tap) : [];
    const mayBeStored = tap.stored || this.#writes.has(tap);
    if (mayBeStored && ends) this.#write(tap, (viewer) => this.#storage.remove(viewer, tap.id));
    if (tap.stored && tap.state.kind === 'accepted') this.#save(tap);
    this.#purchases.get(tap)?.tell();
    for (const one of over) this.#purchases.delete(one);
  }

  /** Ids that the device's clock made wrong are made anew, before anybody is told them. */
  #onServerTime(serverMs: number): void {
    this.#serverClock.sync(serverMs);
    for (const tap of this.#taps.all()) {
      if (tap.sent || tap.stored || this.#writes.has(tap) || tap.tappedMs === undefined) continue;
      const timeMs = this.#serverClock.at(tap.tappedMs);
      const errorMs = Math.abs((uuidV7TimeMs(tap.id) ?? 0) - timeMs);
      if (errorMs > kClockErrorMs) this.#taps.renew(tap, makeUuidV7(timeMs, this.#random));
    }
  }

  /**
   * After the device slept, or its clock was set, nothing is sure of the time, nor of the
   * connection: what is to be sent waits until the server has told the time again.
   */
  #mindSleep(): void {
    const { strayedMs } = this.#serverClock;
    if (Math.abs(strayedMs) <= kClockErrorMs) return;
    this.#serverClock.guess(this.#serverClock.nowMs() + Math.max(0, strayedMs));
    this.#link.distrust('the device slept, or its clock was set');
  }

  // --- What is done -----------------------------------------------------------------------------

  /** Does what is due, and sees to it that it is called when the next is. */
  #flush(): void {
    if (this.#link.closed) return;
    this.#mindSleep();
    const nowMs = this.#serverClock.nowMs();
    this.#taps.onTime(nowMs);
    if (this.#link.way === 'stream' && this.#taps.isUnheard(nowMs)) {
      this.#link.dropStream('no answer on the stream');
    }
    this.#send(nowMs);
    this.#ask(nowMs);
    this.#clock.clearTimeout(this.#timer);
    const nextMs = this.#taps.nextMs(this.#link.way, this.#link.canAsk);
    if (nextMs === undefined) return;
    const waitMs = Math.max(kFlushMsMin, nextMs - nowMs);
    this.#timer = this.#clock.setTimeout(() => this.#flush(), waitMs);
  }

  #send(nowMs: number): void {
    if (this.#link.way === undefined) return;
    const due = this.#taps.dueToSend(nowMs);
    for (const tap of due.filter(({ stored }) => !stored)) {
      if (!this.#writes.has(tap)) this.#save(tap);
    }
    const ready = due.filter(({ stored }) => stored);
    if (ready.length === 0) return;
    if (this.#link.way === 'stream') {
      if (!this.#link.send({ intents: ready.map(({ intent }) => intent) })) return;
      for (const tap of ready) tap.onSent(nowMs);
      return;
    }
    for (const tap of ready) {
      if (this.#link.way === 'call') void this.#submit(tap, nowMs);
    }
  }

  async #submit(tap: Tap, nowMs: number): Promise<void> {
    tap.onSent(nowMs);
    try {
      const receipt = await this.#link.submit(tap.intent);
      this.#onReceipt(receipt);
    } catch {
      tap.onLost(this.#serverClock.nowMs());
    }
    this.#flush();
  }

  #ask(nowMs: number): void {
    if (!this.#link.canAsk) return;
    const due = this.#taps.dueToAsk(nowMs);
    if (due.length === 0) return;
    for (const tap of due) tap.onAsked(nowMs);
    void this.#askAbout(due.map(({ intent }) => intent));
  }

  async #askAbout(intents: Intent[]): Promise<void> {
    try {
      const answers = await this.#link.ask(intents);
      const nowMs = this.#serverClock.nowMs();
      for (const answer of answers) this.#taps.onAnswer(answer, nowMs);
    } catch {
      // They are asked about again.
    }
    this.#flush();
  }

  #save(tap: Tap): void {
    this.#write(tap, async (viewer) => {
      await this.#storage.save(viewer, tap.id, tap.bytes, tap.accepted);
    });
  }

  /** A storage that fails costs what a reload forgets, and no purchase. */
  #write(tap: Tap, work: (viewer: string) => Promise<void>): void {
    const before = this.#writes.get(tap) ?? Promise.resolve();
    const write = before
      .then(async () => work((await this.#tokens.get()).viewer))
      .catch((error: unknown) => {
        this.#emitter.emit('error', toJembatanError(error, 'STORAGE'));
      })
      .then(() => {
        if (this.#writes.get(tap) === write) this.#writes.delete(tap);
        if (!tap.stored) {
          tap.stored = true;
          this.#flush();
        }
      });
    this.#writes.set(tap, write);
  }
}
