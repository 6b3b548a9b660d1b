// Randomness: ids and jitter from one source of bytes.

export type RandomBytes = (bytes: Uint8Array) => void;

/** Uniform in [0, below). */
export function jitter(random: RandomBytes, below: number): number {
  const bytes = new Uint8Array(4);
  random(bytes);
  return (new DataView(bytes.buffer).getUint32(0) / 2 ** 32) * below;
}

/** Bound of the n-th wait (from 0) that doubles from first to last. */
export function doubled(first: number, last: number, n: number): number {
  return Math.min(last, first * 2 ** Math.min(n, 30));
}
