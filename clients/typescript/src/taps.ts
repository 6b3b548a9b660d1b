// Taps: the purchases of one client that have no final word yet, and what is due for them; and the
// last that were ordered, of which it is still told how they fare. What a server says of one finds
// it here.
//
// Pure, as Tap is. Owned by the client.

import type { Answer, ClientFrameInit, Intent, Outcome, Receipt } from './wire.js';
import { JembatanError } from './errors.js';
import {
  kOpenPurchasesMax,
  kOrderedPurchasesMax,
  kQueriesPerRequest,
  kReceiptMs,
} from './limits.js';
import { Tap, type Pace, type TapContext } from './tap.js';

export class Taps {
  readonly #context: TapContext & { pace: Pace };
  readonly #byId = new Map<string, Tap>();
  readonly #ordered = new Map<string, Tap>();

  constructor(context: Omit<TapContext, 'pace'>) {
    this.#context = { ...context, pace: 'pushed' };
  }

  get size(): number {
    return this.#byId.size;
  }
  get(id: string): Tap | undefined {
    return this.#byId.get(id);
  }
  all(): Tap[] {
    return [...this.#byId.values()];
  }

  /** Throws when too many are open: then nothing has happened. */
  add(intent: Intent, nowMs: number, tappedMs: number): Tap {
    if (this.#byId.size >= kOpenPurchasesMax) {
      throw new JembatanError('TOO_MANY', `${kOpenPurchasesMax} purchases are open`);
    }
    const tap = new Tap(this.#context, intent, nowMs, tappedMs);
    this.#byId.set(tap.id, tap);
    return tap;
  }

  /** One of an earlier life; undefined: it is open already, or too many are. */
  resume(intent: Intent, accepted: boolean, nowMs: number): Tap | undefined {
    if (this.#byId.size >= kOpenPurchasesMax || this.#byId.has(intent.intentId)) return undefined;
    const tap = Tap.resumed(this.#context, intent, accepted, nowMs);
    this.#byId.set(tap.id, tap);
    return tap;
  }

  renew(tap: Tap, id: string): void {
    this.#byId.delete(tap.id);
    tap.renew(id);
    this.#byId.set(tap.id, tap);
  }

  /** Its final word has come. Returns which taps nothing is told of any more. */
  end(tap: Tap): Tap[] {
    this.#byId.delete(tap.id);
    if (tap.state.kind !== 'ordered') return [tap];
    this.#ordered.set(tap.id, tap);
    const [oldest] = this.#ordered.values();
    if (this.#ordered.size <= kOrderedPurchasesMax || oldest === undefined) return [];
    this.#ordered.delete(oldest.id);
    return [oldest];
  }

  onConnected(pace: Pace, nowMs: number): void {
    this.#context.pace = pace;
    for (const tap of this.all()) tap.onConnected(nowMs);
  }
  onLost(nowMs: number): void {
    for (const tap of this.all()) tap.onLost(nowMs);
  }
  onTime(nowMs: number): void {
    for (const tap of this.all()) tap.onTime(nowMs);
  }
  onReceipt(receipt: Receipt, nowMs: number): void {
    this.#byId.get(receipt.intentId)?.onReceipt(receipt, nowMs);
  }
  onOutcome(outcome: Outcome, nowMs: number): void {
    const { intentId } = outcome;
    (this.#byId.get(intentId) ?? this.#ordered.get(intentId))?.onOutcome(outcome, nowMs);
  }
  onAnswer(answer: Answer, nowMs: number): void {
    this.#byId.get(answer.intentId)?.onAnswer(answer, nowMs);
  }

  dueToSend(nowMs: number): Tap[] {
    return this.all().filter((tap) => tap.sendMs !== undefined && tap.sendMs <= nowMs);
  }
  dueToAsk(nowMs: number): Tap[] {
    const due = this.all().filter((tap) => tap.askMs !== undefined && tap.askMs <= nowMs);
    return due.slice(0, kQueriesPerRequest);
  }

  /** Whether a send has been without any answer for too long: its connection is dead. */
  isUnheard(nowMs: number): boolean {
    return this.all().some(({ unansweredSinceMs }) => {
      return unansweredSinceMs !== undefined && nowMs - unansweredSinceMs >= kReceiptMs;
    });
  }

  /** What a new stream is told first: the ids that an earlier one may have carried. */
  watch(): ClientFrameInit {
    const sent = this.all().flatMap((tap) => (tap.sent ? [tap.id] : []));
    return { watchIntentIds: [...sent, ...this.#ordered.keys()] };
  }

  /** When the next of this is due, of what can be done by that way of sending, and of asking. */
  nextMs(way: 'stream' | 'call' | undefined, canAsk: boolean): number | undefined {
    const dues = this.all().flatMap((tap) => [
      tap.endMs,
      way !== undefined && tap.stored ? tap.sendMs : undefined,
      way === 'stream' && tap.unansweredSinceMs !== undefined
        ? tap.unansweredSinceMs + kReceiptMs
        : undefined,
      canAsk ? tap.askMs : undefined,
    ]);
    const known = dues.filter((due) => due !== undefined);
    return known.length > 0 ? Math.min(...known) : undefined;
  }
}
