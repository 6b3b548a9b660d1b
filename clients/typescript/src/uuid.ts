// UUIDv7 (RFC 9562): the id of an intent, whose time is the beginning of its deadline.

import type { RandomBytes } from './random.js';

const kCanonical = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function makeUuidV7(unixMs: number, random: RandomBytes): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  const view = new DataView(bytes.buffer);
  const timeMs = Math.max(0, Math.floor(unixMs));
  view.setUint32(0, Math.floor(timeMs / 2 ** 16));
  view.setUint16(4, timeMs % 2 ** 16);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const at = [0, 8, 12, 16, 20, 32];
  return at
    .slice(1)
    .map((end, i) => hex.slice(at[i], end))
    .join('-');
}

/** The id's time in Unix milliseconds; undefined: not a UUIDv7 in canonical text. */
export function uuidV7TimeMs(id: string): number | undefined {
  if (!kCanonical.test(id)) return undefined;
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
