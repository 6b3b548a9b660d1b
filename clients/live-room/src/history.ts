// The taps of this browser tab, kept over a reload: what is still under way is the client's to
// resume, what is decided is remembered here, as long as the tab lives and no longer. Bounded.

import type { PurchaseState } from '@jembatan/client';
import type { Money } from './format.js';

// One tap and what became of it.
export interface Entry {
  // Changes if the client finds that the device's clock made it wrong.
  intentId: string;
  readonly offerId: string;
  // Undefined for a tap of another tab, which was resumed here.
  readonly priceSeen?: Money;
  readonly tappedAt: Date;
  // After it nothing is bought any more.
  deadline: Date;
  state: PurchaseState;
  // When the state began.
  since: Date;
}

export const kMaxEntries = 30;
const kKey = 'jembatan.live-room.taps';

// JSON knows neither times nor whole numbers beyond 2^53.
const kDates = new Set([
  'tappedAt',
  'deadline',
  'since',
  'decidedBy',
  'holdExpiresAt',
  'orderStateAt',
]);
const kWholes = new Set(['amountMinor']);

export function toJson(entries: readonly Entry[]): string {
  return JSON.stringify(entries.slice(0, kMaxEntries), (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

export function fromJson(text: string): Entry[] {
  const entries: unknown = JSON.parse(text, (key, value: unknown) => {
    if (typeof value !== 'string') return value;
    if (kDates.has(key)) return new Date(value);
    return kWholes.has(key) ? BigInt(value) : value;
  });
  return Array.isArray(entries) ? (entries.slice(0, kMaxEntries) as Entry[]) : [];
}

// What a broken or foreign store holds is as good as nothing.
export function load(storage: Storage): Entry[] {
  try {
    return fromJson(storage.getItem(kKey) ?? '[]');
  } catch {
    return [];
  }
}

export function save(storage: Storage, entries: readonly Entry[]): void {
  try {
    storage.setItem(kKey, toJson(entries));
  } catch {
    // A full or forbidden store costs the list after a reload, not a purchase.
  }
}
