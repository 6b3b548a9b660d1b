// VirtualClock: time that passes when a test says so. The wall clock may be wrong by an error of
// its own.

import type { Clock } from '../clock.js';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Lets everything that waits for promises only come to rest. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; ++i) await new Promise((resolve) => setImmediate(resolve));
}

export class VirtualClock implements Clock {
  static readonly kStartMs = 1_800_000_000_000;
  #nowMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();
  wallErrorMs = 0;
  #sleptMs = 0;

  monotonicMs(): number {
    return this.#nowMs;
  }
  /** The true time. */
  trueMs(): number {
    return VirtualClock.kStartMs + Math.floor(this.#nowMs) + this.#sleptMs;
  }
  wallMs(): number {
    return this.trueMs() + this.wallErrorMs;
  }
  setTimeout(callback: () => void, delayMs: number): Timer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return timer;
  }
  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  /** The world goes on; the device's timers and monotonic clock do not. */
  sleep(ms: number): void {
    this.#sleptMs += ms;
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#timers.delete(next);
      this.#nowMs = next.dueMs;
      next.callback();
      await settle();
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Timer | undefined {
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= endMs);
    return due.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  }
}
