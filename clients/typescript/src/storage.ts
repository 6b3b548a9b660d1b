// PurchaseStorage: where open purchases survive a reload, in records of the viewer they belong to.
// The app's own Web Storage or the like; a record goes when its purchase has its final word.

import { JembatanError, toJembatanError } from './errors.js';
import { kRecordBytes } from './limits.js';
import { intentFromBytes, type Intent } from './wire.js';
import { uuidV7TimeMs } from './uuid.js';

/** Web Storage (localStorage) as it is. */
export interface SyncStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** React Native's AsyncStorage as it is. */
export interface AsyncStorage {
  getAllKeys(): Promise<readonly string[]>;
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<unknown>;
  removeItem(key: string): Promise<unknown>;
}

export type Storage = SyncStorage | AsyncStorage;

/** Forgets everything at a reload. */
export class MemoryStorage implements SyncStorage {
  readonly #items = new Map<string, string>();

  get length(): number {
    return this.#items.size;
  }
  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#items.set(key, value);
  }
  removeItem(key: string): void {
    this.#items.delete(key);
  }
}

/** The browser's localStorage where there is one that may be touched. */
export function defaultStorage(): Storage {
  try {
    const { localStorage } = globalThis as { localStorage?: SyncStorage };
    if (localStorage) return localStorage;
  } catch {
    // A page without an origin, or a viewer who forbids it.
  }
  return new MemoryStorage();
}

export interface PurchaseRecord {
  readonly intent: Intent;
  readonly accepted: boolean;
}

function toText(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** Null for what is no record of ours. */
function parseRecord(text: string | null): PurchaseRecord | null {
  if (text === null || text.length > kRecordBytes) return null;
  try {
    const record = JSON.parse(text) as { intent: string; accepted: boolean };
    const bytes = Uint8Array.from(atob(record.intent), (character) => character.charCodeAt(0));
    const intent = intentFromBytes(bytes);
    if (uuidV7TimeMs(intent.intentId) === undefined) return null;
    return { intent, accepted: record.accepted === true };
  } catch {
    return null;
  }
}

export class PurchaseStorage {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async save(viewer: string, intentId: string, bytes: Uint8Array, accepted: boolean) {
    const text = JSON.stringify({ intent: toText(bytes), accepted });
    if (text.length > kRecordBytes) throw new JembatanError('STORAGE', 'the record is too large');
    await this.#try(() => this.#storage.setItem(this.#key(viewer, intentId), text));
  }

  async remove(viewer: string, intentId: string) {
    await this.#try(() => this.#storage.removeItem(this.#key(viewer, intentId)));
  }

  /** This viewer's records, the oldest first. */
  async load(viewer: string): Promise<PurchaseRecord[]> {
    const prefix = this.#key(viewer, '');
    const keys = (await this.#try(() => this.#keys())).filter((key) => key.startsWith(prefix));
    const records: PurchaseRecord[] = [];
    for (const key of keys.sort()) {
      const record = parseRecord(await this.#try(() => this.#storage.getItem(key)));
      if (record) records.push(record);
    }
    return records;
  }

  #key(viewer: string, intentId: string): string {
    return `jembatan.v1.${encodeURIComponent(viewer)}/${intentId}`;
  }

  #keys(): readonly string[] | Promise<readonly string[]> {
    const storage = this.#storage;
    if ('getAllKeys' in storage) return storage.getAllKeys();
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
    return keys.filter((key) => key !== null);
  }

  async #try<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toJembatanError(error, 'STORAGE');
    }
  }
}
