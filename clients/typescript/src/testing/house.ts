// House: a client under test, its gateway, and the time that both live in.

import { JembatanClient, type JembatanClientOptions } from '../client.js';
import type { Order } from '../order.js';
import { MemoryStorage } from '../storage.js';
import { FakeGateway } from './fake_gateway.js';
import { VirtualClock } from './virtual_clock.js';

export const kOrder: Order = {
  offerId: 'kopi-gayo-250',
  quantity: 1,
  priceSeen: { currency: 'IDR', amountMinor: 6_500_000n },
};

const encode = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '');

/** A token as an app's back end would make it, but for the signature. */
export function tokenOf(viewer: string, more: object = {}): string {
  return `${encode({ alg: 'none' })}.${encode({ sub: viewer, ...more })}.c2lnbmF0dXJl`;
}

/** The same bytes in every run. */
export function seededBytes(seed: number): (bytes: Uint8Array) => void {
  let state = seed;
  return (bytes) => {
    for (let i = 0; i < bytes.length; ++i) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[i] = state >>> 24;
    }
  };
}

export class House {
  readonly clock = new VirtualClock();
  readonly gateway = new FakeGateway(this.clock);
  readonly storage = new MemoryStorage();

  client(options: Partial<JembatanClientOptions> = {}): JembatanClient {
    return new JembatanClient({
      url: 'http://gateway.example',
      token: tokenOf('siti'),
      fetch: this.gateway.fetch as typeof fetch,
      WebSocket: this.gateway.WebSocket,
      storage: this.storage,
      clock: this.clock,
      random: seededBytes(7),
      ...options,
    });
  }

  keys(): string[] {
    return Array.from({ length: this.storage.length }, (_, i) => this.storage.key(i) ?? '');
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }
}
