// Purchase: one tap on *buy* as the app holds it.

import { Emitter } from './emitter.js';
import { JembatanError } from './errors.js';
import type { PurchaseState } from './state.js';
import { Tap } from './tap.js';

export interface PurchaseEvents {
  change: PurchaseState;
}

interface Promised {
  readonly promise: Promise<PurchaseState>;
  resolve(state: PurchaseState): void;
  reject(error: JembatanError): void;
}

function promised(): Promised {
  let resolve!: Promised['resolve'];
  let reject!: Promised['reject'];
  const promise = new Promise<PurchaseState>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // An app that only listens to 'change' awaits nothing, and shall not die of it.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

export class Purchase {
  readonly #tap: Tap;
  readonly #emitter = new Emitter<PurchaseEvents>();
  readonly #receipt = promised();
  readonly #outcome = promised();
  readonly offerId: string;

  /** Made by the client alone. */
  constructor(tap: Tap) {
    this.#tap = tap;
    this.offerId = tap.intent.offerId;
    this.#settle();
  }

  /**
   * The UUIDv7 under which it is sent, over however many connections. Before the first send it is
   * made anew if the server's clock shows that the device's is wrong.
   */
  get intentId(): string {
    return this.#tap.id;
  }
  get state(): PurchaseState {
    return this.#tap.state;
  }
  /** After this it is never ordered. */
  get deadline(): Date {
    return new Date(this.#tap.deadlineMs);
  }
  /** The first word that is no mere delay: accepted, or final. Rejects only when closed. */
  get receipt(): Promise<PurchaseState> {
    return this.#receipt.promise;
  }
  /** The final word. Rejects only when the client is closed before it came. */
  get outcome(): Promise<PurchaseState> {
    return this.#outcome.promise;
  }

  /** Returns what takes the listener off again. */
  on(event: 'change', listener: (state: PurchaseState) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  /** For the client: its tap has changed. */
  tell(): void {
    this.#settle();
    this.#emitter.emit('change', this.state);
  }

  /** For the client: no further word will come here; a later life may resume it. */
  close(): void {
    const error = new JembatanError('CLOSED', 'the client was closed; resume() goes on');
    this.#receipt.reject(error);
    this.#outcome.reject(error);
  }

  #settle(): void {
    const { state } = this;
    if (this.#tap.accepted || state.final) this.#receipt.resolve(state);
    if (state.final) this.#outcome.resolve(state);
  }
}
